"""A push service and the browsers behind it, as RFC 8030, 8291 and 8292 describe them: a real HTTP server that checks
every header and signature, and opens what it is sent with the browser's own key.
"""

import asyncio
import base64
import json
import os
import struct
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


class Browser:
    """What a browser holds for one subscription: it opens what was sealed for it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.auth = os.urandom(16)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def body(self, **changes: Any) -> bytes:
        """The body with which a device subscribes."""
        subscription = {
            "endpoint": self.endpoint,
            "p256dh": base64.b64encode(self.public).decode(),
            "auth": base64.b64encode(self.auth).decode(),
        }
        return json.dumps(subscription | changes).encode()

    def open(self, sealed: bytes) -> bytes:
        """RFC 8291, the receiving side."""
        salt, (size, length) = sealed[:16], struct.unpack(">IB", sealed[16:21])
        sender, record = sealed[21 : 21 + length], sealed[21 + length :]
        assert length == 65
        assert len(record) <= size
        assert len(sealed) <= 4096
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        info = b"WebPush: info\x00" + self.public + sender
        secret = _hkdf(self.auth, self._key.exchange(ec.ECDH(), peer), info, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
        text = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\x00")
        assert text.endswith(b"\x02")
        return text[:-1]


@dataclass(frozen=True)
class Received:
    """One push as it came."""

    path: str
    headers: dict[str, str]
    sealed: bytes
    claims: dict[str, Any]
    key: bytes


class PushService:
    """Listens on a port of its own; `answers` are given in order, then 201."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[Received] = asyncio.Queue()
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.origin = ""
        self.wrong: list[str] = []
        self.gate = asyncio.Event()
        """Answers wait for it."""
        self.gate.set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "PushService":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()
        assert self.wrong == []

    def browser(self) -> Browser:
        """A new subscription."""
        return Browser(f"{self.origin}/wpush/v2/{b64(os.urandom(24))}")

    async def next(self) -> Received:
        return await asyncio.wait_for(self.received.get(), 60)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Exception as error:
            self.wrong.append(repr(error))
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        sealed = await reader.readexactly(int(headers["content-length"]))
        assert method == "POST"
        assert headers["content-encoding"] == "aes128gcm"
        assert headers["content-type"] == "application/octet-stream"
        assert 0 <= int(headers["ttl"]) <= 28 * 24 * 3600
        assert headers["urgency"] in ("very-low", "low", "normal", "high")
        assert 0 < len(headers["topic"]) <= 32
        assert unb64(headers["topic"])
        claims, key = self._vapid(headers["authorization"])
        self.received.put_nowait(Received(path, headers, sealed, claims, key))
        await self.gate.wait()
        status, more = self.answers.pop(0) if self.answers else (201, {})
        lines = [f"HTTP/1.1 {status} X", "Content-Length: 2", *(f"{name}: {value}" for name, value in more.items())]
        writer.write("\r\n".join([*lines, "", "{}"]).encode())
        await writer.drain()
        return True

    def _vapid(self, header: str) -> tuple[dict[str, Any], bytes]:
        """RFC 8292 section 4: signed by `k`, for this origin, for at most a day."""
        assert header.startswith("vapid ")
        parts = dict(part.strip().split("=", 1) for part in header[6:].split(","))
        public = unb64(parts["k"])
        key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": b64(public[1:33]), "y": b64(public[33:])})
        claims = json.loads(jws.deserialize_compact(parts["t"], key, algorithms=["ES256"]).payload)
        assert claims["aud"] == self.origin
        assert time.time() < claims["exp"] <= time.time() + 24 * 3600
        return claims, public
