"""Roles, permissions and the one decision: may this subject do this? Default deny.

Roles are sets of named operations in one table. Membership of a conversation is a second condition for operations on
it: a role alone never opens a conversation, not even for the owner.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum


class Role(IntEnum):
    """Roles of an organisation; the numbers are those of the signed chain (docs/protocol.md, 4.1)."""

    OWNER = 1
    ADMIN = 2
    SITE_LEAD = 3
    MEMBER = 4
    GUEST = 5


class Scope(Enum):
    """What an operation needs besides the role."""

    ORGANISATION = "organisation"
    CONVERSATION = "conversation"


class Operation(Enum):
    """Everything that a signed-in device can ask for."""

    READ_ORGANISATION = "read_organisation"
    READ_PEOPLE = "read_people"
    INVITE = "invite"
    CHANGE_ROLES = "change_roles"
    REMOVE_PERSON = "remove_person"
    SET_ORGANISATION = "set_organisation"
    EXTEND_ORGANISATION_CHAIN = "extend_organisation_chain"
    EXTEND_OWN_CHAIN = "extend_own_chain"
    READ_OWN_SEALS = "read_own_seals"
    CREATE_CONVERSATION = "create_conversation"
    LIST_CONVERSATIONS = "list_conversations"
    READ_EVENTS = "read_events"
    SEND_EVENT = "send_event"
    WRITE_SLOT = "write_slot"
    SEND_STATEMENT = "send_statement"
    READ_BOXES = "read_boxes"
    REPAIR = "repair"
    UPLOAD_BLOB = "upload_blob"
    READ_BLOB = "read_blob"
    MANAGE_PUSH = "manage_push"
    HEAR = "hear"
    SPEAK = "speak"
    SPEAK_URGENTLY = "speak_urgently"
    RAISE_ALARM = "raise_alarm"
    ANSWER_ALARM = "answer_alarm"
    READ_ALARM_SETTINGS = "read_alarm_settings"
    MANAGE_ALARMS = "manage_alarms"
    SET_DUTY = "set_duty"


_CONVERSATION = frozenset(
    {
        Operation.READ_EVENTS,
        Operation.SEND_EVENT,
        Operation.WRITE_SLOT,
        Operation.SEND_STATEMENT,
        Operation.READ_BOXES,
        Operation.REPAIR,
        Operation.UPLOAD_BLOB,
        Operation.READ_BLOB,
        Operation.HEAR,
        Operation.SPEAK,
    }
)
_GUEST = _CONVERSATION | {
    Operation.READ_ORGANISATION,
    Operation.READ_PEOPLE,
    Operation.EXTEND_ORGANISATION_CHAIN,
    Operation.EXTEND_OWN_CHAIN,
    Operation.READ_OWN_SEALS,
    Operation.LIST_CONVERSATIONS,
    Operation.MANAGE_PUSH,
    Operation.ANSWER_ALARM,
}
_MEMBER = _GUEST | {
    Operation.CREATE_CONVERSATION,
    Operation.RAISE_ALARM,
    Operation.READ_ALARM_SETTINGS,
    Operation.SET_DUTY,
    Operation.SPEAK_URGENTLY,
}
_ADMIN = _MEMBER | {Operation.INVITE, Operation.CHANGE_ROLES, Operation.REMOVE_PERSON, Operation.MANAGE_ALARMS}
_OWNER = _ADMIN | {Operation.SET_ORGANISATION}

PERMISSIONS: dict[Role, frozenset[Operation]] = {
    Role.OWNER: _OWNER,
    Role.ADMIN: _ADMIN,
    Role.SITE_LEAD: _MEMBER,
    Role.MEMBER: _MEMBER,
    Role.GUEST: _GUEST,
}
"""Who may ask for what. The finer rules of each signed statement are the chain's `apply` (docs/protocol.md, 4)."""


def scope_of(operation: Operation) -> Scope:
    """What the operation needs besides the role."""
    own = operation in _CONVERSATION or operation is Operation.SPEAK_URGENTLY
    return Scope.CONVERSATION if own else Scope.ORGANISATION


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks: a signed-in device of a person, with what the server knows of them now."""

    user: bytes
    device: bytes
    role: Role | None
    """None when the person was removed from the organisation."""
    device_active: bool


def permitted(subject: Subject, operation: Operation, *, member: bool = False) -> bool:
    """Decide whether `subject` may do `operation`.

    Args:
        subject: who asks.
        operation: what for.
        member: whether the person is a member of the conversation in question now.

    Returns:
        True only if device, role and (for a conversation's operations) membership all allow it.
    """
    if not subject.device_active or subject.role is None:
        return False
    if operation not in PERMISSIONS.get(subject.role, frozenset()):
        return False
    return member or scope_of(operation) is Scope.ORGANISATION
