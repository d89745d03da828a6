"""The way to hosts that somebody else has named: resolved once, checked, connected to what was checked.

A name that changes its mind between the check and the connection (DNS rebinding) leads nowhere; the certificate is still
checked for the name.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv6Address, ip_address
from typing import Any

import httpcore

ANSWER_MAX = 65_536
"""Bytes of an answer that are read; what outsiders say is not kept."""
TRIES = 4
"""Addresses of a host that are tried."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """The host's addresses, each once, in the system's order. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address belongs to the open internet, also where one of IPv4 is wrapped in it."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed.sixtofour or parsed
    return parsed.is_global and not parsed.is_multicast


class Checked(httpcore.AsyncNetworkBackend):
    """Connections only to what `resolve` gives for a host and port; what it raises goes to whoever asked."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in (await self._resolve(host, port))[:TRIES]:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


async def read_away(answer: httpcore.Response) -> None:
    """Read what an outsider says, but not for ever."""
    size = 0
    async for piece in answer.aiter_stream():
        size += len(piece)
        if size > ANSWER_MAX:
            break
