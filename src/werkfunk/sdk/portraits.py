"""Profile pictures (docs/protocol.md, 4.2): the own one set or taken away, others' opened. [M41]"""

import os

from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.identity import Profile
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.picture import PictureKey, open_picture, read_picture_key, seal_picture
from werkfunk.protocol.slots import SlotType
from werkfunk.sdk.core import Core
from werkfunk.sdk.errors import NotAllowed, Unsafe, Usage
from werkfunk.sdk.office import Office
from werkfunk.sdk.slots import Slots
from werkfunk.wire import api

CHOSEN = "portrait"
"""In the profile: the key and the hash of the picture that was chosen on this device, nothing for none. With a
conversation's id: the generation in which the key stands there, and the hash."""


class Portraits:
    """See the module."""

    def __init__(self, core: Core, office: Office, slots: Slots) -> None:
        self._core = core
        self._office = office
        self._slots = slots

    async def set(self, jpeg: bytes | None) -> None:
        """Show this JPEG (at most 16 KiB) to those with whom this person shares a conversation; None: no picture.

        Raises Usage `picture_form`, else as `send`.
        """
        await self._core.chains.refresh()
        me = self._core.keys.user
        key = os.urandom(32)
        try:
            sealed = None if jpeg is None else seal_picture(key, os.urandom(12), me, jpeg)
        except ProtocolError as error:
            raise Usage("a picture is a JPEG of at most 16 KiB", error.code) from error
        digest = None if sealed is None else sha256(sealed)
        await self._office.set_profile(Profile(self._core.chains.name(me), digest), sealed)
        self._core.local.put(CHOSEN, b"" if digest is None else key + digest)
        await self.tell()

    async def tell(self, only: bytes | None = None) -> None:
        """Write the own key where the newest generation does not have it yet: everywhere, or in one conversation.

        A device that has chosen no picture, or not the newest, leaves that to the one that has. Raises NoConnection.
        """
        chosen = self._core.local.get(CHOSEN)
        if chosen is None:
            return
        me, digest = self._core.keys.user, chosen[32:]
        profile = self._core.chains.profile(me)
        if profile is None or (profile.picture or b"") != digest:
            return
        value = (PictureKey(chosen[:32], digest) if digest else PictureKey()).to_map()
        for conversation in self._core.logs.conversations() if only is None else [only]:
            state = self._core.logs.state(conversation)
            if state is None or not state.is_member(me) or self._core.logs.blocked(conversation):
                continue
            mark = f"{CHOSEN} {conversation.hex()}"
            if self._core.local.get(mark) == state.generation.to_bytes(8) + digest:
                continue
            try:
                await self._slots.write(conversation, SlotType.PICTURE_KEY, self._core.clock(), value)
            except (NotAllowed, Unsafe):
                # Only a picture: nothing else waits for it, and the next connection tries again.
                continue
            # Written under the newest generation, which may be newer than before.
            self._core.local.put(mark, self._core.state(conversation).generation.to_bytes(8) + digest)

    async def of(self, user: bytes, conversation: bytes) -> bytes | None:
        """A member's picture, as the signed profile names it; None where there is none or its key has not come."""
        await self._core.chains.refresh()
        profile = self._core.chains.profile(user)
        if profile is None or profile.picture is None:
            return None
        async for owner, slot in self._slots.newest(conversation, SlotType.PICTURE_KEY):
            try:
                found = read_picture_key(slot.value)
                if owner != user or found.key is None or found.digest != profile.picture:
                    continue
                answer = await self._core.transport.call("picture", api.Picture, ids={"user": user})
                return open_picture(found.key, user, profile.picture, answer.picture)
            except (ProtocolError, NotAllowed):
                # Another picture meanwhile, or not what the person signed: it is not shown.
                continue
        return None
