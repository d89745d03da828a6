"""Proofs that were used: each is taken once. Kept in memory for as long as the nonce inside is taken, then forgotten.

Counted for each device alone, so that one device that floods is refused by itself and nobody else notices.
"""

from werkfunk.domain.errors import Code, Failure

NAME_SIZE = 16


class Replays:
    """See the module. Memory: about 100 bytes a proof of the last two periods; no device has more than `most`."""

    def __init__(self, most: int) -> None:
        """`most`: proofs remembered of one device and nonce."""
        self._most = most
        self._used: dict[int, dict[bytes, set[bytes]]] = {}

    def once(self, device: bytes, name: bytes, period: int, now: int) -> None:
        """Take a proof.

        Args:
            device: whose it is.
            name: a hash of the proof's random id.
            period: that of the nonce in the proof.
            now: the period that runs; nonces of it and of the one before are taken.

        Raises:
            Failure: PROOF_REPLAYED, or RATE_LIMITED rather than to forget one.
        """
        for old in [number for number in self._used if number < now - 1]:
            del self._used[old]
        used = self._used.setdefault(period, {}).setdefault(device, set())
        name = name[:NAME_SIZE]
        if name in used:
            raise Failure(Code.PROOF_REPLAYED)
        if len(used) >= self._most:
            raise Failure(Code.RATE_LIMITED)
        used.add(name)
