"""Files: resumable upload (tus 1.0), ranged download, only among the members of the conversation they were sent to."""

import secrets
from collections.abc import AsyncIterator

from werkfunk.adapters.clock import Clock
from werkfunk.adapters.files import BlobFiles, DiskFull
from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Operation, Subject
from werkfunk.services.conversations import Conversations
from werkfunk.storage.store import BlobRow, Store


class Blobs:
    """See the module."""

    def __init__(self, store: Store, files: BlobFiles, conversations: Conversations, clock: Clock, most: int) -> None:
        """`most` is the largest file, ciphertext, in bytes."""
        self._store = store
        self._files = files
        self._conversations = conversations
        self._clock = clock
        self.most = most
        self._busy: set[bytes] = set()

    async def create(self, subject: Subject, conversation: bytes, size: int) -> bytes:
        """Begin an upload: the new blob's id."""
        if size > self.most:
            raise Failure(Code.BLOB_TOO_LARGE, str(self.most))
        await self._conversations.room_for(subject, conversation, Operation.UPLOAD_BLOB)
        blob = secrets.token_bytes(16)
        await self._store.create_blob(BlobRow(blob, conversation, subject.user, size, 0, self._clock(), False))
        return blob

    async def state(self, subject: Subject, blob: bytes) -> BlobRow:
        """An own upload. Raises Failure NOT_FOUND for anybody else's."""
        row = await self._store.blob(blob)
        if row is None or row.user != subject.user:
            raise Failure(Code.NOT_FOUND)
        await self._conversations.room_for(subject, row.conversation, Operation.UPLOAD_BLOB)
        return row

    async def write(self, subject: Subject, blob: bytes, offset: int, pieces: AsyncIterator[bytes]) -> int:
        """Append bytes at `offset`: the new offset, durable."""
        row = await self.state(subject, blob)
        if offset != row.received:
            raise Failure(Code.OFFSET_MISMATCH, str(row.received))
        if blob in self._busy:
            raise Failure(Code.BUSY, "the upload is open elsewhere")
        self._busy.add(blob)
        try:
            size, excess = await self._files.write(blob, offset, pieces, row.size)
        except DiskFull as error:
            await self._note(blob, row)
            raise Failure(Code.STORAGE_FULL) from error
        except BaseException:
            await self._note(blob, row)
            raise
        finally:
            self._busy.discard(blob)
        await self._store.advance_blob(blob, size)
        if excess:
            raise Failure(Code.BLOB_TOO_LARGE, "more than Upload-Length")
        return size

    async def _note(self, blob: bytes, row: BlobRow) -> None:
        """After a broken upload: what lies on the disk counts."""
        await self._store.advance_blob(blob, min(self._files.size(blob), row.size))

    async def delete(self, subject: Subject, blob: bytes) -> None:
        """End an own upload that no event names yet (tus termination)."""
        await self.state(subject, blob)
        if not await self._drop(blob):
            raise Failure(Code.FORBIDDEN, "already sent")

    async def _drop(self, blob: bytes) -> bool:
        # The row decides: a message that is logged meanwhile keeps its file.
        dropped = await self._store.drop_blob(blob)
        if dropped:
            await self._files.delete(blob)
        return dropped

    async def find(self, subject: Subject, blob: bytes) -> BlobRow:
        """A complete file of a conversation of the subject's."""
        row = await self._store.blob(blob)
        if row is None or row.received != row.size:
            raise Failure(Code.NOT_FOUND)
        await self._conversations.room_for(subject, row.conversation, Operation.READ_BLOB)
        return row

    def read(self, row: BlobRow, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`."""
        return self._files.read(row.id, start, end)

    async def collect_orphans(self) -> int:
        """Delete uploads of more than a day ago that no event names; gives how many."""
        orphans = await self._store.orphans(self._clock() - limits.ORPHAN_S * 1000)
        return sum([await self._drop(blob) for blob in orphans])
