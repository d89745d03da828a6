"""One HTTP operation, as the tables in `wire/routes.py` and beside it list them."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from werkfunk.domain import limits
from werkfunk.domain.roles import Operation

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
