"""Documentation that is made from the code: `make docs` writes it, a test fails when it is stale.

python -m tools.pages           write the pages
python -m tools.pages --check   only say which are stale
"""

import inspect
import sys
import textwrap
import typing
from collections.abc import Callable, Iterable
from dataclasses import fields
from itertools import groupby
from pathlib import Path

import msgspec

from werkfunk.adapters.config import Config
from werkfunk.adapters.logs import FIELDS
from werkfunk.domain import limits
from werkfunk.domain.errors import Code
from werkfunk.storage.schema import COLUMNS
from werkfunk.wire import frames
from werkfunk.ws.connection import CLOSE_CODES

DOCS = Path(__file__).parents[1] / "docs"
MADE = "<!-- Made from the code by `make docs`; change it there. -->"


def what_the_server_knows() -> str:
    """Every column, log field and thing in memory, with purpose, legal basis and retention."""
    parts = [
        page("What the server knows"),
        """
        The server stores what this page lists and nothing else: a test compares it with a real, freshly made database, and a column that is not
        declared fails the build. What people write, the titles of conversations, file names, reactions, read markers and places are sealed on
        the device; the server holds no key for them. What follows from the lists all the same: **who talks with whom, when, how often and in
        which padded size**.

        The whole database is encrypted (SQLCipher) with a key from the key file. A column marked **yes** is sealed once more with another key derived from
        that file, so it stays closed even in a copy of the database that somebody has opened. Whoever holds the key file and the data folder reads everything below.
        """,
    ]
    for name, columns in groupby(COLUMNS, key=lambda column: column.table):
        rows = [(f"`{c.name}`", c.purpose, c.basis, c.retention, "yes" if c.encrypted else "") for c in columns]
        parts += [f"## {name}", table(("Column", "Purpose", "Legal basis", "Kept", "Sealed again"), rows)]
    parts += [
        "## Files in the data folder",
        table(
            ("File", "Content"),
            [
                ("`blobs/`", "uploaded files: ciphertext of padded size under random names"),
                ("`werkfunk.toml`", "the operator's settings ([configuration](configuration.md)), no personal data"),
                ("`server.key`", "the key file, unless `key_file` names another place (recommended)"),
            ],
        ),
        "## In memory only",
        """
        - network addresses (IPv6: the /64 network), for the rate limit, until the server stops or 10,000 others came after;
        - who is connected now with which device, and whether the app is in front there, while it lasts;
        - which device has yet to be told of which conversation, until its push service has taken it or for at most an hour;
        - who speaks, who waits for the floor and who listens where, while it lasts; of a burst no frame is kept, only its random id, until the server stops or 4,096 others came after;
        - the day on which a person was last seen, until it is written (at most ten minutes);
        - hashes of the proofs used in the last ten minutes, so that none counts twice.
        """,
        "## Logs",
        "Lines of JSON on standard error. Only these fields can be logged; any other is an error in the program.",
        table(
            ("Field", "Purpose", "Legal basis", "Retention"),
            [(f"`{name}`", one.purpose, one.basis, one.retention) for name, one in FIELDS.items()],
        ),
        "`/metrics` counts events, requests by route and status, refusals by code, connections and faults: nothing by person.",
    ]
    return joined(parts)


def configuration() -> str:
    """Every setting with its default."""
    rows = []
    for field in fields(Config):
        shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
        default = f'`"{shown}"`' if isinstance(field.default, str) else f"`{shown}`"
        secret = " Masked when shown." if field.metadata["secret"] else ""
        rows.append((f"`{field.name}`", default, field.metadata["doc"] + secret))
    return joined(
        [
            page("Configuration"),
            """
            Nothing must be set: the defaults are the safe choice. A setting comes from `werkfunk.toml` in the data folder (or the file that `WERKFUNK_CONFIG` names), is
            overridden by the environment (`WERKFUNK_` and the name in capitals, such as `WERKFUNK_PUBLIC_URL`) and last by the command line. An unknown name,
            a wrong type or a value that cannot be meant stops the server and says what would be right. `werkfunk config --data DIR` prints what is in force.
            """,
            table(("Setting", "Default", "Meaning"), rows),
        ]
    )


def errors() -> str:
    """Every error code that leaves the server."""
    rows = [
        (f"`{row.code}`", str(row.status), row.text, "yes" if row.retry else "")
        for row in sorted((code.value for code in Code), key=lambda row: (row.status, row.code))
    ]
    return joined(
        [
            page("Errors"),
            """
            Everything that the server refuses carries one of these codes. They are stable: never renamed, never reused; decide by the code, show the text, log the
            `detail`. Over HTTP the answer is a problem document (RFC 9457) of type `urn:werkfunk:error:<code>`, over the WebSocket a `refused` frame
            ([frames](frames.md)). *Again* says whether the same wish can succeed later without a change by a person.
            """,
            table(("Code", "HTTP", "Text", "Again"), rows),
        ]
    )


def frame_types() -> list[type[frames.Frame]]:
    """All frames, in the order of the source."""
    return [
        kind
        for kind in vars(frames).values()
        if inspect.isclass(kind) and issubclass(kind, frames.Frame) and kind is not frames.Frame
    ]


def websocket() -> str:
    """Every frame with its fields."""
    introduction, _, dance = inspect.cleandoc(frames.__doc__ or "").partition("\n    client")
    closes = [(str(number), ", ".join(sorted(codes))) for number, codes in _by_number(CLOSE_CODES).items()]
    parts = [
        page("WebSocket frames"),
        introduction.strip() + "\n\nThe socket's address is `/v1/ws`.",
        "```text\n" + textwrap.dedent("    client" + dance).rstrip() + "\n```",
        f"""
        A frame of a client has at most {limits.FRAME_MAX:,} bytes, an event at most {limits.EVENT_MAX:,}, a connection at most {limits.IN_FLIGHT_MAX} sends without
        an answer. A new connection has {limits.AUTHENTICATE_S} s to sign in; one that is silent is asked after {limits.SILENCE_S} s for a sign of life.
        """,
    ]
    for kind in frame_types():
        tag = kind.__struct_config__.tag
        title = f"## `{tag}`" if tag else f"## {kind.__name__} (part of a frame, no tag)"
        rows = [
            (f"`{field.name}`", f"`{_type(field.type)}`", _default(field)) for field in msgspec.structs.fields(kind)
        ]
        parts += [title, inspect.cleandoc(kind.__doc__ or ""), table(("Field", "Type", "If absent"), rows)]
    parts += ["## Close codes", table(("Code", "Last `goodbye`"), [*closes, ("4003", "any other")])]
    return joined(parts)


def _by_number(codes: dict[str, int]) -> dict[int, list[str]]:
    numbers: dict[int, list[str]] = {}
    for code, number in codes.items():
        numbers.setdefault(number, []).append(f"`{code}`")
    return dict(sorted(numbers.items()))


def _type(kind: object) -> str:
    name = kind.__name__ if inspect.isclass(kind) and not typing.get_args(kind) else str(kind)
    return name.replace("werkfunk.wire.frames.", "")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{field.default_factory()}`"
    return f"`{field.default!r}`"


def page(title: str) -> str:
    """The head of a page."""
    return f"# {title}\n\n{MADE}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def joined(parts: Iterable[str]) -> str:
    """Paragraphs of a page."""
    return "\n\n".join(inspect.cleandoc(part) for part in parts) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "what-the-server-knows.md": what_the_server_knows,
    "configuration.md": configuration,
    "errors.md": errors,
    "frames.md": websocket,
}


def stale() -> list[str]:
    """The pages whose file differs from the code."""
    return [name for name, make in PAGES.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != make()]


def main() -> None:
    """Write the pages, or check them."""
    if "--check" in sys.argv[1:]:
        sys.exit("stale, run `make docs`: " + ", ".join(stale()) if stale() else 0)
    for name in stale():
        (DOCS / name).write_text(PAGES[name]())
        sys.stdout.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()
