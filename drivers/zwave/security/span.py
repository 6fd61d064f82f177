"""The nonces of S2. Each is used once: one stream for each pair of nodes, one for each multicast group.

Source: the S2 chapter of the Z-Wave specification, "SPAN" and "MPAN"; numbers checked against zwave-js 15.29.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from drivers.zwave.security.ctr_drbg import CtrDrbg
from drivers.zwave.security.keys import S2Keys
from drivers.zwave.security.primitives import BLOCK, ccm_open, cmac, ecb

ENTROPY = 16
NONCE = 13
AHEAD = 5
"""How many lost messages are bridged before the two sides must agree on a new stream."""


def mixed_entropy(sender: bytes, receiver: bytes) -> bytes:
    """CKDF-MEI-Extract and CKDF-MEI-Expand of the two entropy inputs."""
    prk = cmac(b"\x26" * 16, sender + receiver)
    counted = [b"\x88" * 15 + bytes((number,)) for number in range(3)]
    first = cmac(prk, counted[0] + counted[1])
    return first + cmac(prk, first + counted[2])


class Span:
    """The stream two nodes share in both directions."""

    __slots__ = ("_drbg", "keys")

    def __init__(self, keys: S2Keys, *, sender: bytes, receiver: bytes) -> None:
        self.keys = keys
        self._drbg = CtrDrbg(mixed_entropy(sender, receiver), keys.personalization)

    def next(self) -> bytes:
        """Use up one nonce."""
        return self._drbg.generate(BLOCK)[:NONCE]

    def open(self, aad: bytes, sealed: bytes) -> bytes | None:
        """Decrypt with the next nonce or one of the few after it.

        Only success uses nonces up: what was forged costs the true sender nothing.
        """
        ahead = self._drbg.copy()
        for _ in range(AHEAD):
            plaintext = ccm_open(self.keys.ccm, ahead.generate(BLOCK)[:NONCE], aad, sealed)
            if plaintext is not None:
                self._drbg = ahead
                return plaintext
        return None


class Mpan:
    """The stream of one multicast group, as its sender told us."""

    __slots__ = ("_keys", "_state")

    def __init__(self, keys: S2Keys, state: bytes) -> None:
        assert keys.mpan is not None, "a key exchange has no multicast"
        self._keys = keys
        self._state = int.from_bytes(state, "big")

    def upcoming(self) -> Iterator[bytes]:
        """The nonces from here on, without using any up."""
        assert self._keys.mpan is not None
        state = self._state
        while True:
            yield ecb(self._keys.mpan, state.to_bytes(BLOCK, "big"))[:NONCE]
            state = (state + 1) % (1 << 128)

    def skip(self, count: int = 1) -> None:
        self._state = (self._state + count) % (1 << 128)

    def open(self, aad: bytes, sealed: bytes) -> bytes | None:
        for used, nonce in enumerate(islice(self.upcoming(), AHEAD), start=1):
            plaintext = ccm_open(self._keys.ccm, nonce, aad, sealed)
            if plaintext is not None:
                self.skip(used)
                return plaintext
        return None
