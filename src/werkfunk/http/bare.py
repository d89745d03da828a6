"""Answers from outside the application: to what is no HTTP, and to an upgrade that is refused. Same form, same headers."""

from http import HTTPStatus

from werkfunk.domain.errors import Failure
from werkfunk.http.headers import strict
from werkfunk.http.problems import problem

Bare = tuple[HTTPStatus, dict[str, str], bytes]
"""Status, headers and body of an answer, after which the connection is closed; whoever writes it says how long the body is."""


def bare(failure: Failure, *, https: bool) -> Bare:
    """The problem answer for a failure, with everything that the application would have added."""
    answer = problem(failure)
    headers = [*answer.raw_headers, *strict(https=https)]
    named = {n.decode(): v.decode() for n, v in headers if n != b"content-length"}
    return HTTPStatus(answer.status_code), named, bytes(answer.body)


def written(answer: Bare) -> bytes:
    """As it goes over the wire (RFC 9112)."""
    status, headers, body = answer
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{n}: {v}" for n, v in headers.items()),
        f"content-length: {len(body)}",
        "connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
