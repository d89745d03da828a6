"""Answers from outside the application: to what is no HTTP, and to an upgrade that is refused. Same form, same headers."""

from http import HTTPStatus

from werkfunk.domain.errors import Failure
from werkfunk.http.headers import strict
from werkfunk.http.problems import problem

Bare = tuple[HTTPStatus, dict[str, str], bytes]
"""Status, headers and body of a whole answer, after which the connection is closed."""


def bare(failure: Failure, *, https: bool) -> Bare:
    """The problem answer for a failure, with everything that the application would have added."""
    answer = problem(failure)
    headers = [*answer.raw_headers, *strict(https=https), (b"cache-control", b"no-store")]
    return HTTPStatus(answer.status_code), {n.decode(): v.decode() for n, v in headers}, bytes(answer.body)


def written(answer: Bare) -> bytes:
    """As it goes over the wire (RFC 9112)."""
    status, headers, body = answer
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{n}: {v}" for n, v in headers.items()),
        "connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
