"""Who is connected, and handing frames to them. Services know the `Bus` alone: it may reach other nodes as well."""

from collections.abc import Callable, Iterable
from typing import Protocol

from werkfunk.wire.frames import Frame, encode


class Peer(Protocol):
    """A signed-in connection, as services see it."""

    user: bytes
    device: bytes
    shown: bool
    """Whether the app is in front of its user there."""

    def push(self, prepared: bytes) -> None:
        """Queue a prepared frame; it leaves with the next flush, all frames of one turn in one write."""

    def flush(self) -> None:
        """Write what is queued."""

    def end(self, code: str) -> None:
        """Say goodbye with `code` and close."""


class Bus(Protocol):
    """Hands frames to people, whichever connections they have; fan-out only, for the store is the truth."""

    prepare: Callable[[bytes], bytes]
    """Turns an encoded frame into what goes on the wire, once for all receivers."""

    def publish(
        self, users: Iterable[bytes], frame: Frame, *, but: Peer | None = None, dirty: set[Peer] | None = None
    ) -> None:
        """Hand a frame to every connection of `users`.

        Args:
            users: the receivers.
            frame: what to send; encoded once.
            but: a connection that does not need it.
            dirty: collects the connections instead of flushing them, for callers with more to come.
        """

    def cut(self, user: bytes, code: str, device: bytes | None = None) -> None:
        """End a user's connections (of one device, or all)."""


class Hub(Bus):
    """The bus in process: the connections of this node, by user."""

    def __init__(self, prepare: Callable[[bytes], bytes]) -> None:
        self.prepare = prepare
        self._peers: dict[bytes, set[Peer]] = {}

    def __len__(self) -> int:
        return sum(len(peers) for peers in self._peers.values())

    def add(self, peer: Peer) -> None:
        """A connection has signed in."""
        self._peers.setdefault(peer.user, set()).add(peer)

    def discard(self, peer: Peer) -> None:
        """A connection is gone."""
        peers = self._peers.get(peer.user)
        if peers is not None:
            peers.discard(peer)
            if not peers:
                del self._peers[peer.user]

    def everybody(self) -> list[bytes]:
        """The users who are connected."""
        return list(self._peers)

    def is_shown(self, user: bytes, device: bytes) -> bool:
        """Whether the device is connected with the app in front."""
        return any(peer.device == device and peer.shown for peer in self._peers.get(user, ()))

    def publish(
        self, users: Iterable[bytes], frame: Frame, *, but: Peer | None = None, dirty: set[Peer] | None = None
    ) -> None:
        """See Bus."""
        prepared = b""
        touched = set() if dirty is None else dirty
        peers_of = self._peers.get
        for user in users:
            for peer in peers_of(user) or ():
                if peer is not but:
                    prepared = prepared or self.prepare(encode(frame))
                    peer.push(prepared)
                    touched.add(peer)
        if dirty is None:
            for peer in touched:
                peer.flush()

    def cut(self, user: bytes, code: str, device: bytes | None = None) -> None:
        """See Bus."""
        for peer in list(self._peers.get(user, ())):
            if device is None or peer.device == device:
                peer.end(code)

    def end_all(self, code: str) -> None:
        """End every connection."""
        for user in list(self._peers):
            self.cut(user, code)
