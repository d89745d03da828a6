"""Every error that the server gives to the outside: one table, stable codes.

    Failure                       raised by services, carried to the edges
      code: Code                  one row of the table below
      detail: str                 more for a developer's eye; never content, names or tokens

An edge turns a `Failure` into an HTTP problem answer or a `Refused` frame; nothing else leaves the server. Codes are
never renamed or reused: clients decide by them.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Row:
    """One error: its stable code, HTTP status, help text and whether trying again later can help."""

    code: str
    status: int
    text: str
    retry: bool = False


class Code(Enum):
    """The table of errors. The value's `code` is what clients see."""

    MALFORMED = Row("malformed", 400, "The request does not have the documented form.")
    PROTOCOL = Row(
        "protocol_refused",
        422,
        "A signed statement or sealed event breaks a rule of the protocol.",
    )
    UNAUTHENTICATED = Row("unauthenticated", 401, "Sign in with the device's key first.")
    PROOF_INVALID = Row(
        "proof_invalid",
        401,
        "The DPoP proof is missing, malformed, or not for this request.",
    )
    PROOF_REPLAYED = Row("proof_replayed", 401, "The DPoP proof was used before; make a new one.")
    NONCE_REQUIRED = Row(
        "use_dpop_nonce",
        401,
        "Repeat the request with the nonce from the DPoP-Nonce header.",
    )
    DEVICE_REVOKED = Row(
        "device_revoked",
        401,
        "This device was revoked. Join again from another device.",
    )
    PERSON_REMOVED = Row("person_removed", 401, "This person was removed from the organisation.")
    FORBIDDEN = Row("forbidden", 403, "Your role does not allow this.")
    NOT_FOUND = Row("not_found", 404, "There is no such thing, or it is not yours to see.")
    METHOD = Row("method_not_allowed", 405, "This address does not take that method.")
    STALE = Row(
        "stale",
        409,
        "Somebody was quicker. Fetch the newest state and try again.",
        retry=True,
    )
    PUSH_OFF = Row("push_off", 409, "This server sends no push messages.")
    CONFLICT = Row("conflict", 409, "This exists already and differs.")
    REKEY_REQUIRED = Row(
        "rekey_required",
        409,
        "The conversation needs a new key generation first.",
        retry=True,
    )
    OFFSET_MISMATCH = Row(
        "offset_mismatch",
        409,
        "The upload stands at another offset; ask for it with HEAD.",
    )
    NOBODY_CALLED = Row("nobody_called", 422, "Nobody would be called: an alarm needs somebody to reach.")
    GATEWAY_REFUSED = Row("gateway_refused", 422, "The gateway cannot be used like this; the detail says why.")
    GATEWAY_FAILED = Row(
        "gateway_failed", 502, "The gateway did not take the message; the detail says why.", retry=True
    )
    EXPIRED = Row("expired", 410, "This link or upload is used up or has expired.")
    UNSUPPORTED_TUS = Row("unsupported_tus_version", 412, "The server speaks tus 1.0.0.")
    EVENT_TOO_LARGE = Row("event_too_large", 413, "An event may have at most 65,536 bytes.")
    BLOB_TOO_LARGE = Row("blob_too_large", 413, "The file is larger than this server allows.")
    BODY_TOO_LARGE = Row("body_too_large", 413, "The request is too large.")
    UNSUPPORTED_MEDIA = Row(
        "unsupported_media_type",
        415,
        "Send application/json, or application/offset+octet-stream.",
    )
    RANGE = Row("range_not_satisfiable", 416, "The range lies outside the file.")
    PUSH_SERVICE = Row("push_service", 422, "The browser's push service is not one that this server sends to.")
    SETUP_DONE = Row("setup_done", 410, "The organisation exists already; ask for an invitation.")
    RATE_LIMITED = Row("rate_limited", 429, "Too many requests; wait a moment.", retry=True)
    INTERNAL = Row(
        "internal",
        500,
        "The server made a mistake. It was logged without your data.",
        retry=True,
    )
    UNAVAILABLE = Row("unavailable", 503, "The server is starting or stopping.", retry=True)
    BUSY = Row("busy", 503, "The server has too much to do; try again in a moment.", retry=True)
    STORAGE_FULL = Row(
        "storage_full",
        507,
        "The server's disk is full. Nothing was lost; it goes on when there is room.",
        retry=True,
    )


class Failure(Exception):
    """A use case refuses. Raised by services, translated by the edges."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code.value.code}: {detail or code.value.text}")
        self.code = code
        self.detail = detail
