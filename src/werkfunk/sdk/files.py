"""Files: sealed here, uploaded resumably (tus 1.0), fetched, checked and opened here. Never whole in memory."""

import asyncio
import base64
import hashlib
import io
import mimetypes
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from werkfunk.protocol import attachments
from werkfunk.protocol.content import Attachment
from werkfunk.protocol.errors import ProtocolError
from werkfunk.sdk.errors import NoConnection, NotAllowed, SdkError, Usage
from werkfunk.sdk.local import Local
from werkfunk.sdk.transport import Transport

PIECE = 4 * 1_048_576
READ = 262_144
TUS = {"tus-resumable": "1.0.0"}


class Files:
    """See the module."""

    def __init__(self, local: Local, transport: Transport) -> None:
        self._folder = local.folder / "uploads"
        self._transport = transport

    async def upload(self, conversation: bytes, path: Path) -> Attachment:
        """Seal and upload a file.

        Raises:
            Usage: it cannot be read. NotAllowed: too large. NoConnection: after several tries to resume.
        """
        size = await asyncio.to_thread(_size, path)
        return await self._upload(conversation, path.name, size, lambda: path.open("rb"))

    async def upload_bytes(self, conversation: bytes, name: str, data: bytes) -> Attachment:
        """As `upload`, for what was made in memory and must not lie on the disk in the clear."""
        return await self._upload(conversation, name, len(data), lambda: io.BytesIO(data))

    async def _upload(self, conversation: bytes, name: str, size: int, opened: Callable[[], BinaryIO]) -> Attachment:
        stored = attachments.stored_size(size)
        metadata = f"conversation {base64.b64encode(conversation).decode()}"
        answer = await self._transport.request(
            "POST", "/v1/blobs", headers={**TUS, "upload-length": str(stored), "upload-metadata": metadata}
        )
        location = answer.headers["location"]
        key = secrets.token_bytes(32)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        sealed_path = self._folder / location.rpartition("/")[2]
        try:
            digest = await asyncio.to_thread(_seal, name, opened, sealed_path, key, size)
            await self._send(location, sealed_path, stored)
        finally:
            sealed_path.unlink(missing_ok=True)
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Attachment(
            bytes.fromhex(location.rpartition("/")[2]), key, digest, name[-255:], media_type, size, stored
        )

    async def _send(self, location: str, path: Path, stored: int) -> None:
        offset = 0
        for attempt in range(8):
            try:
                while offset < stored:
                    headers = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
                    # A piece is sent from memory, so that a repeated request (nonce, patience) can send it again.
                    piece = await asyncio.to_thread(_piece, path, offset)
                    answer = await self._transport.request("PATCH", location, headers=headers, content=piece)
                    offset = int(answer.headers["upload-offset"])
                return
            except (NoConnection, NotAllowed) as error:
                if isinstance(error, NotAllowed) and error.code != "offset_mismatch":
                    raise
                if attempt == 7:
                    raise
                await asyncio.sleep(min(5.0, 0.2 * 2**attempt))
                offset = await self._offset(location, offset)

    async def _offset(self, location: str, offset: int) -> int:
        try:
            answer = await self._transport.request("HEAD", location, headers=TUS)
        except NoConnection:
            return offset
        return int(answer.headers["upload-offset"])

    async def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch, check and open a file into `folder`, under a name that is safe and free.

        Raises:
            SdkError: the file is not what the message says. NotAllowed, NoConnection.
        """
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        if attachment.stored_size != attachments.stored_size(attachment.size):
            raise SdkError("the file is not what the message says", "attachment_size")
        path = f"/v1/blobs/{attachment.blob_id.hex()}"
        partial = folder / f".{secrets.token_hex(8)}.part"
        try:
            with partial.open("xb") as file:
                while (start := file.tell()) < attachment.stored_size:
                    end = min(start + PIECE, attachment.stored_size) - 1
                    answer = await self._transport.request("GET", path, headers={"range": f"bytes={start}-{end}"})
                    if len(answer.content) != end + 1 - start:
                        raise SdkError("the file is not what the message says", "attachment_truncated")
                    file.write(answer.content)
            target_partial = folder / f".{secrets.token_hex(8)}.open"
            try:
                await asyncio.to_thread(_open, partial, target_partial, attachment)
                return _free(folder, attachment.name, target_partial)
            finally:
                target_partial.unlink(missing_ok=True)
        except ProtocolError as error:
            raise SdkError("the file is not what the message says", error.code) from error
        finally:
            partial.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """A file name without folders, control characters or leading dots; never empty."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".").strip()
    return name[:200] or "datei"


def _free(folder: Path, name: str, source: Path) -> Path:
    """Move `source` to a name in `folder` that is not taken."""
    name = safe_name(name)
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, 10_000):
        target = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        try:
            os.link(source, target)
        except FileExistsError:
            continue
        return target
    raise SdkError("there are too many files of this name")


def _size(path: Path) -> int:
    try:
        if path.is_file():
            return path.stat().st_size
    except OSError as error:
        raise Usage(f"{path} cannot be read") from error
    raise Usage(f"{path} is not a file")


def _seal(name: str, opened: Callable[[], BinaryIO], target: Path, key: bytes, size: int) -> bytes:
    digest = hashlib.sha256()
    with opened() as source, target.open("wb") as file:
        try:
            for chunk in attachments.encrypt(key, size, _pieces(source)):
                digest.update(chunk)
                file.write(chunk)
        except ProtocolError as error:
            raise Usage(f"{name} changed while it was read") from error
    return digest.digest()


def _open(path: Path, target: Path, attachment: Attachment) -> None:
    with path.open("rb") as source, target.open("xb") as file:
        for piece in attachments.decrypt(attachment.key, attachment.size, _pieces(source), attachment.hash):
            file.write(piece)


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(READ):
        yield piece


def _piece(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(PIECE)
