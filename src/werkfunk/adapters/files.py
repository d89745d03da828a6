"""Stored files in a folder: ciphertext only, named by their random id.

Bytes are appended in order and fsynced before they count, so that what was acknowledged survives a power cut.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

PIECE = 262_144


class DiskFull(Exception):
    """No room for the file; what was acknowledged before stays."""


class BlobFiles:
    """A folder of files, `ab/abcdef…`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, blob: bytes) -> Path:
        """Where a blob lies; the name is the id in hex, so nothing a client says becomes a path."""
        name = blob.hex()
        return self._folder / name[:2] / name

    def size(self, blob: bytes) -> int:
        """Bytes on the disk, 0 for none."""
        try:
            return self.path(blob).stat().st_size
        except FileNotFoundError:
            return 0

    async def write(self, blob: bytes, offset: int, pieces: AsyncIterator[bytes], most: int) -> tuple[int, bool]:
        """Append at `offset` what comes, at most to size `most`; durable when it returns.

        Returns:
            (size on the disk, whether more came than allowed).

        Raises:
            DiskFull: the rest found no room.
        """
        path = self.path(blob)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file = await asyncio.to_thread(_File, path, offset)
        position, excess = offset, False
        try:
            async for piece in pieces:
                if position + len(piece) > most:
                    excess = True
                    break
                await asyncio.to_thread(file.write, piece)
                position += len(piece)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull from error
            raise
        finally:
            # Whatever ends the upload (a lost connection too), what arrived is kept: the client goes on from there.
            await asyncio.shield(asyncio.to_thread(file.close))
        return position, excess

    async def read(self, blob: bytes, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, in pieces."""
        with self.path(blob).open("rb") as file:
            file.seek(start)
            left = end - start
            while left > 0:
                piece = await asyncio.to_thread(file.read, min(PIECE, left))
                if not piece:
                    return
                left -= len(piece)
                yield piece

    async def delete(self, blob: bytes) -> None:
        """Delete a file, if it is there."""
        await asyncio.to_thread(self.path(blob).unlink, missing_ok=True)


class _File:
    def __init__(self, path: Path, offset: int) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._fd, offset)
        os.lseek(self._fd, offset, os.SEEK_SET)

    def write(self, piece: bytes) -> None:
        view = memoryview(piece)
        while view:
            view = view[os.write(self._fd, view) :]

    def close(self) -> None:
        try:
            os.fsync(self._fd)
        finally:
            os.close(self._fd)
