"""The HTTP API as one table: what the edge serves, what the client library calls, what OpenAPI 3.1 documents.

Blobs are not in it: they are the tus 1.0 protocol (`/v1/blobs`) and a ranged download.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from werkfunk.domain import limits
from werkfunk.domain.roles import Operation
from werkfunk.wire import api

Access = Literal["public", "device"]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: `name` is the OpenAPI operationId and the service's method."""

    name: str
    method: str
    path: str
    response: type[msgspec.Struct]
    request: type[msgspec.Struct] | None = None
    operation: Operation | None = None
    """What the device must be permitted; None only for public routes and the session request."""
    query: tuple[str, ...] = ()
    """Integer query parameters, each >= 0, absent = 0."""
    body_max: int = limits.JSON_BODY_MAX
    summary: str = ""


S = limits.STATEMENT_BODY_MAX
ROUTES: tuple[Route, ...] = (
    Route("healthz", "GET", "/healthz", api.Health, summary="The process lives."),
    Route("readyz", "GET", "/readyz", api.Health, summary="The store answers."),
    Route("maps", "GET", "/v1/maps", api.Maps, summary="The maps that the app can draw."),
    Route(
        "setup_info",
        "GET",
        "/v1/setup/{secret}",
        api.SetupInfo,
        summary="What the set-up link is for.",
    ),
    Route(
        "setup",
        "POST",
        "/v1/setup",
        api.Joined,
        api.Setup,
        body_max=S,
        summary="Found the organisation.",
    ),
    Route(
        "invitation",
        "GET",
        "/v1/invitations/{invite}",
        api.Invitation,
        summary="What an invite's holder checks.",
    ),
    Route(
        "join",
        "POST",
        "/v1/join",
        api.Joined,
        api.Join,
        body_max=S,
        summary="Enrol with an invite.",
    ),
    Route(
        "recovery",
        "GET",
        "/v1/recovery/{handle}",
        api.Recovery,
        summary="Find the sealed seed of a recovery code or ticket.",
    ),
    Route(
        "recover",
        "POST",
        "/v1/recovery/{handle}",
        api.Extended,
        api.UserStatement,
        body_max=S,
        summary="Add a device with a recovery code or ticket.",
    ),
    Route(
        "session",
        "POST",
        "/v1/sessions",
        api.Session,
        api.SessionRequest,
        summary="A token for a device (DPoP).",
    ),
    Route(
        "organisation_chain",
        "GET",
        "/v1/organisation/chain",
        api.Chain,
        None,
        Operation.READ_ORGANISATION,
        ("after",),
        summary="Statements from number `after` on.",
    ),
    Route(
        "organisation_profile",
        "GET",
        "/v1/organisation/profile",
        api.OrganisationProfile,
        None,
        Operation.READ_ORGANISATION,
        summary="The organisation's name.",
    ),
    Route(
        "extend_organisation",
        "POST",
        "/v1/organisation/chain",
        api.Extended,
        api.OrganisationStatement,
        Operation.EXTEND_ORGANISATION_CHAIN,
        body_max=S,
        summary="Append a statement.",
    ),
    Route(
        "people",
        "GET",
        "/v1/people",
        api.People,
        None,
        Operation.READ_PEOPLE,
        summary="The people whom the asker may see.",
    ),
    Route(
        "user_chain",
        "GET",
        "/v1/people/{user}/chain",
        api.Chain,
        None,
        Operation.READ_PEOPLE,
        ("after",),
        summary="A person's statements from number `after` on.",
    ),
    Route(
        "extend_user",
        "POST",
        "/v1/me/chain",
        api.Extended,
        api.UserStatement,
        Operation.EXTEND_OWN_CHAIN,
        body_max=S,
        summary="Append to the own chain.",
    ),
    Route(
        "seals",
        "GET",
        "/v1/me/seal",
        api.Seals,
        None,
        Operation.READ_OWN_SEALS,
        summary="The sealed user box seed for the asking device.",
    ),
    Route(
        "conversations",
        "GET",
        "/v1/conversations",
        api.Conversations,
        None,
        Operation.LIST_CONVERSATIONS,
        summary="The asker's conversations.",
    ),
    Route(
        "create_conversation",
        "POST",
        "/v1/conversations",
        api.Appended,
        api.ConversationStatement,
        Operation.CREATE_CONVERSATION,
        body_max=S,
        summary="Create a conversation.",
    ),
    Route(
        "append_statement",
        "POST",
        "/v1/conversations/{conversation}/statements",
        api.Appended,
        api.ConversationStatement,
        Operation.SEND_STATEMENT,
        body_max=S,
        summary="Append a statement.",
    ),
    Route(
        "statements",
        "GET",
        "/v1/conversations/{conversation}/statements",
        api.EventPage,
        None,
        Operation.READ_EVENTS,
        ("after",),
        summary="All statements with seq above `after`, those before the asker's joining included.",
    ),
    Route(
        "events",
        "GET",
        "/v1/conversations/{conversation}/events",
        api.EventPage,
        None,
        Operation.READ_EVENTS,
        ("after", "limit"),
        summary="A page of the log.",
    ),
    Route(
        "boxes",
        "GET",
        "/v1/conversations/{conversation}/boxes",
        api.Boxes,
        None,
        Operation.READ_BOXES,
        ("after",),
        summary="The asker's boxes of generations above `after`.",
    ),
    Route(
        "slots",
        "GET",
        "/v1/conversations/{conversation}/slots",
        api.Slots,
        None,
        Operation.READ_EVENTS,
        summary="The newest slots.",
    ),
    Route(
        "ask_repair",
        "POST",
        "/v1/conversations/{conversation}/repairs",
        api.Empty,
        api.RepairRequest,
        Operation.REPAIR,
        summary="Ask the members for a lacking box.",
    ),
    Route(
        "answer_repair",
        "PUT",
        "/v1/conversations/{conversation}/repairs",
        api.Empty,
        api.RepairAnswer,
        Operation.REPAIR,
        body_max=S,
        summary="Give a member a lacking box.",
    ),
    Route(
        "repairs",
        "GET",
        "/v1/repairs",
        api.Repairs,
        None,
        Operation.LIST_CONVERSATIONS,
        summary="Open questions in the asker's conversations.",
    ),
    Route(
        "push",
        "GET",
        "/v1/push",
        api.Push,
        None,
        Operation.MANAGE_PUSH,
        summary="Whether and with which key this server pushes, and whether it does so to the asking device.",
    ),
    Route(
        "push_subscribe",
        "PUT",
        "/v1/push/subscription",
        api.Empty,
        api.PushSubscription,
        Operation.MANAGE_PUSH,
        summary="Push to the asking device; a new subscription takes the place of the old one.",
    ),
    Route(
        "push_unsubscribe",
        "DELETE",
        "/v1/push/subscription",
        api.Empty,
        None,
        Operation.MANAGE_PUSH,
        summary="Push no longer to the asking device.",
    ),
)
"""Path parameters are ids in lower-case hex."""
