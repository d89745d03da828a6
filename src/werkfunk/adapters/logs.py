"""Structured logs: JSON lines on stderr, with declared fields only. No content, tokens, names, ids or addresses."""

import logging
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog

from werkfunk.domain.legal_basis import INTEREST

JOURNAL = "as the operator's system keeps standard error (systemd's journal: its own limits)"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a log line: what it is for, on which legal basis, for how long."""

    purpose: str
    basis: str
    retention: str


def _fields(basis: str, retention: str, **purposes: str) -> dict[str, Field]:
    return {name: Field(purpose, basis, retention) for name, purpose in purposes.items()}


FIELDS: dict[str, Field] = {
    **_fields(
        INTEREST,
        JOURNAL,
        event="what happened, a fixed text",
        level="how important it is",
        timestamp="when, UTC",
        route="the route's name, without its parameters",
        method="the HTTP method",
        status="the HTTP status",
        ms="how long it took, in ms",
        code="a stable error code",
        error="the class of an exception, never its text",
        where="file and line of an exception",
        count="how many",
        version="the version of Werkfunk",
        listen="the listening address of this server",
        check="the name of a check",
    ),
}
"""Every field that may be logged: docs/what-the-server-knows.md is generated from it; an undeclared one fails the build."""


class UndeclaredField(Exception):
    """A log call used a field that is not declared."""


def only_declared(_logger: object, _method: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Refuse undeclared fields: privacy by construction."""
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise UndeclaredField(", ".join(sorted(unknown)))
    return values


def configure(level: str) -> None:
    """Set up logging for the process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_declared,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard module; their texts could hold addresses, so they stay silent.
    logging.basicConfig(handlers=[logging.NullHandler()], level=logging.CRITICAL, force=True)


log = structlog.get_logger()


def log_fault(error: BaseException) -> None:
    """Log that something broke: the exception's class and place, never its text (which might quote data)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
    log.error("fault", error=type(error).__name__, where=where)
