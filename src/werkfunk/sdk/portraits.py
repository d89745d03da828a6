"""Profile pictures (docs/protocol.md, 4.2): the own one set or taken away, others' opened. [M41]"""

import os

from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.identity import Profile
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.picture import PictureKey, open_picture, read_picture_key, seal_picture
from werkfunk.protocol.slots import SlotType
from werkfunk.sdk.core import Core
from werkfunk.sdk.errors import NotAllowed, Usage
from werkfunk.sdk.office import Office
from werkfunk.sdk.slots import Slots
from werkfunk.wire import api


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
        value = (PictureKey() if digest is None else PictureKey(key, digest)).to_map()
        for conversation in self._core.logs.conversations():
            state = self._core.logs.state(conversation)
            if state is not None and state.is_member(me):
                await self._slots.write(conversation, SlotType.PICTURE_KEY, self._core.clock(), value)

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
