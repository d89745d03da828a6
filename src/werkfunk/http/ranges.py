"""Byte ranges (RFC 9110, 14): one range, as downloads that go on and maps that are read in pieces ask for it."""

import re

from werkfunk.domain.errors import Code, Failure

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


def parse_range(header: str, size: int) -> tuple[int, int]:
    """First byte and the byte after the last, within `size`. Raises Failure RANGE."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.group(1) == match.group(2) == "" or len(header) > 50:
        raise Failure(Code.RANGE)
    first, last = match.group(1), match.group(2)
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        raise Failure(Code.RANGE)
    return start, end
