"""CTR_DRBG on AES-128 without derivation function. Source: NIST SP 800-90A Rev. 1, 10.2.1."""

from __future__ import annotations

from drivers.zwave.security.primitives import BLOCK, ecb

SEED = 32
"""Key and block length together. Source: SP 800-90A, table 3."""


class CtrDrbg:
    """A stream that two parties with the same seed share.

    Generation from the same state gives the same bytes: whoever wants to look ahead works on a `copy`.
    """

    __slots__ = ("_key", "_v")

    def __init__(self, entropy: bytes, personalization: bytes = bytes(SEED)) -> None:
        self._key = bytes(BLOCK)
        self._v = bytes(BLOCK)
        self.update(bytes(a ^ b for a, b in zip(entropy, personalization, strict=True)))

    def update(self, provided: bytes) -> None:
        """CTR_DRBG_Update, 10.2.1.2. With fresh entropy this is the reseed of 10.2.1.4.1, which Z-Wave never uses."""
        assert len(provided) == SEED
        fresh = bytes(a ^ b for a, b in zip(self._blocks(SEED), provided, strict=True))
        self._key, self._v = fresh[:BLOCK], fresh[BLOCK:]

    def generate(self, length: int) -> bytes:
        """10.2.1.5.1, without additional input. The update that ends it goes on with the same key: one pass for both."""
        whole = -(-length // BLOCK) * BLOCK
        blocks = self._blocks(whole + SEED)
        self._key, self._v = blocks[whole : whole + BLOCK], blocks[whole + BLOCK :]
        return blocks[:length]

    def copy(self) -> CtrDrbg:
        twin = CtrDrbg.__new__(CtrDrbg)
        twin._key, twin._v = self._key, self._v
        return twin

    def _blocks(self, length: int) -> bytes:
        counters = []
        for _ in range(-(-length // BLOCK)):
            self._v = ((int.from_bytes(self._v, "big") + 1) % (1 << 128)).to_bytes(BLOCK, "big")
            counters.append(self._v)
        return ecb(self._key, b"".join(counters))

    def __repr__(self) -> str:
        return "CtrDrbg(•••)"
