"""Messages to the outside: SMTP and HTTPS, to hosts that the operator allows, and to no private address unless configured.

The host's name is resolved once, every address checked, and the connection made to the checked address, so that a name
that changes its mind (DNS rebinding) leads nowhere. No redirect is followed. Libraries are imported when first needed: a
server without gateways does not carry them in its memory.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any

from werkfunk.domain import gateways
from werkfunk.domain.gateways import Gateway, GatewayError, Https, Smtp

TIMEOUT_S = 20
ANSWER_MAX = 65_536


class SendFailed(Exception):
    """It did not get through; `code` is stable and names no address. `again`: it may later."""

    def __init__(self, code: str, *, again: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.again = again


class Outside:
    """See the module."""

    def __init__(self, allowed: Iterable[str], *, private: bool) -> None:
        self.allowed = frozenset(host.lower() for host in allowed)
        self.private = private

    def check(self, gateway: Gateway) -> None:
        """Raises GatewayError."""
        gateways.check(gateway, self.allowed, private=self.private)

    async def send(self, gateway: Gateway, secret: str, to: str, text: str, level: int, reference: str) -> None:
        """Send one message; `reference` is the same for each attempt.

        Raises:
            SendFailed.
        """
        try:
            self.check(gateway)
        except GatewayError as error:
            raise SendFailed("not_allowed", again=False) from error
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if isinstance(gateway.via, Smtp):
                    await self._mail(gateway.via, secret, to, text, reference)
                else:
                    await self._request(gateway.via, secret, to, text, level, reference)
        except TimeoutError as error:
            raise SendFailed("timeout") from error
        except (OSError, ssl.SSLError) as error:
            raise SendFailed("no_connection") from error

    async def _resolve(self, host: str, port: int) -> str:
        """A checked address of the host. Raises SendFailed."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise SendFailed("unknown_host") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or (not self.private and not all(_public(address) for address in addresses)):
            raise SendFailed("private_address", again=False)
        return addresses[0]

    async def _mail(self, via: Smtp, secret: str, to: str, text: str, reference: str) -> None:
        import aiosmtplib  # see the module

        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = via.sender, to, text
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = f"<{reference}@{via.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text + "\n")
        address = await self._resolve(via.host, via.port)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        line = socket.socket(family, socket.SOCK_STREAM)
        line.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(line, (address, via.port))
            client = aiosmtplib.SMTP(
                hostname=via.host,
                sock=line,
                use_tls=via.tls == "tls",
                start_tls=via.tls == "starttls",
                tls_context=ssl.create_default_context(),
                username=via.user or None,
                password=secret or None,
                timeout=TIMEOUT_S,
                local_hostname="werkfunk.invalid",
            )
            async with client:
                await client.send_message(message)
        except aiosmtplib.SMTPResponseException as error:
            raise SendFailed(f"smtp_{error.code}", again=error.code < 500) from error
        except aiosmtplib.SMTPException as error:
            raise SendFailed("smtp_failed") from error
        finally:
            line.close()

    async def _request(self, via: Https, secret: str, to: str, text: str, level: int, reference: str) -> None:
        import httpcore  # see the module

        values = {"to": to, "text": text, "level": str(level), "id": reference, "secret": secret}
        try:
            out = gateways.render(via, values)
        except GatewayError as error:
            raise SendFailed("not_allowed", again=False) from error
        backend = _backend(self, httpcore)
        try:
            async with (
                httpcore.AsyncConnectionPool(
                    ssl_context=ssl.create_default_context(), network_backend=backend, max_connections=1
                ) as pool,
                pool.stream(out.method, out.url, headers=list(out.headers.items()), content=out.body) as answer,
            ):
                size = 0
                async for piece in answer.aiter_stream():
                    size += len(piece)
                    if size > ANSWER_MAX:
                        break
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise SendFailed("no_connection") from error
        if not 200 <= answer.status < 300:
            # A redirect is no success: whoever sends one is not the provider that was set up.
            raise SendFailed(f"status_{answer.status}", again=answer.status >= 500 or answer.status in (408, 429))


def _backend(outside: Outside, httpcore: Any) -> Any:
    """httpcore's way to the network, by the checked address; the certificate is still checked for the name."""

    class Checked(httpcore.AsyncNetworkBackend):  # type: ignore[misc]
        async def connect_tcp(self, host: str, port: int, **more: Any) -> Any:
            return await httpcore.AnyIOBackend().connect_tcp(await outside._resolve(host, port), port, **more)

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

    return Checked()


def _public(address: str) -> bool:
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return parsed.is_global and not parsed.is_multicast
