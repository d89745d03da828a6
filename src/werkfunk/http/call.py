"""One request of the route table, checked and decoded."""

from dataclasses import dataclass
from typing import Any

from werkfunk.domain.roles import Subject
from werkfunk.http.context import Services


@dataclass(frozen=True, slots=True)
class Call:
    """`subject` is None on public routes only."""

    services: Services
    subject: Subject | None
    ids: dict[str, bytes]
    query: dict[str, int]
    body: Any
    proof: str
    path: str

    @property
    def who(self) -> Subject:
        """Who asks."""
        assert self.subject is not None
        return self.subject
