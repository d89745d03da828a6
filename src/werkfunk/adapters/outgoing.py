"""Messages to the outside: SMTP and HTTPS, to hosts that the operator allows, and to no private address unless configured.

Connections lead to checked addresses only (`network.py`). No redirect is followed. The mail library is imported when
first needed: a server without gateways does not carry it in its memory.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import formatdate

import httpcore

from werkfunk.adapters.network import Checked, is_public, read_away, resolve
from werkfunk.domain import gateways
from werkfunk.domain.gateways import Gateway, GatewayError, Https, Smtp

TIMEOUT_S = 20


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

    async def _resolve(self, host: str, port: int) -> list[str]:
        """The address of the host, checked. Raises SendFailed."""
        try:
            addresses = await resolve(host, port)
        except OSError as error:
            raise SendFailed("unknown_host") from error
        if not addresses or (not self.private and not all(is_public(address) for address in addresses)):
            raise SendFailed("private_address", again=False)
        return addresses[:1]

    async def _mail(self, via: Smtp, secret: str, to: str, text: str, reference: str) -> None:
        import aiosmtplib  # see the module

        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = via.sender, to, text
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = f"<{reference}@{via.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text + "\n")
        (address,) = await self._resolve(via.host, via.port)
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
        values = {"to": to, "text": text, "level": str(level), "id": reference, "secret": secret}
        try:
            out = gateways.render(via, values)
        except GatewayError as error:
            raise SendFailed("not_allowed", again=False) from error
        try:
            async with (
                httpcore.AsyncConnectionPool(
                    ssl_context=ssl.create_default_context(), network_backend=Checked(self._resolve), max_connections=1
                ) as pool,
                pool.stream(out.method, out.url, headers=list(out.headers.items()), content=out.body) as answer,
            ):
                await read_away(answer)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise SendFailed("no_connection") from error
        if not 200 <= answer.status < 300:
            # A redirect is no success: whoever sends one is not the provider that was set up.
            raise SendFailed(f"status_{answer.status}", again=answer.status >= 500 or answer.status in (408, 429))
