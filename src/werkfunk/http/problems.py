"""Errors as answers: RFC 9457 problem details with the stable code of `domain.errors`."""

import msgspec
from starlette.responses import Response

from werkfunk.domain.errors import Code, Failure
from werkfunk.wire.api import Problem

encode = msgspec.json.encode


def problem(failure: Failure) -> Response:
    """The answer for a failure."""
    row = failure.code.value
    body = Problem(
        type=f"urn:werkfunk:error:{row.code}", title=row.text, status=row.status, code=row.code, detail=failure.detail
    )
    headers = {}
    if failure.code is Code.RATE_LIMITED:
        headers["Retry-After"] = "1"
    if row.status == 401:
        headers["WWW-Authenticate"] = f'DPoP algs="Ed25519", error="{row.code}"'
    return Response(encode(body), row.status, headers, "application/problem+json")
