"""The nonces that two nodes share: an endless row of which each is used once, by whoever speaks next.

Source: the S2 chapter of the Z-Wave specification, "SPAN"; numbers checked against those of zwave-js 15.29.
"""

from __future__ import annotations

from typing import Final

from drivers.simulator.security.keys import S2Keys
from drivers.simulator.security.primitives import Drbg, ccm_open, cmac, xor

ENTROPY: Final = 16
NONCE: Final = 13
STEPS: Final = 5
"""How many of the next nonces are tried for a message whose forerunners may be lost (CC:009F.01.00.11.01C to 01E)."""


def mixed(sender: bytes, receiver: bytes) -> bytes:
    """CKDF-MEI-Extract and CKDF-MEI-Expand of what both contributed."""
    prk = cmac(b"\x26" * 16, sender + receiver)
    zero, one, two = (b"\x88" * 15 + bytes((number,)) for number in range(3))
    first = cmac(prk, zero + one)
    return first + cmac(prk, first + two)


class Span:
    def __init__(self, keys: S2Keys, sender: bytes, receiver: bytes) -> None:
        self.keys = keys
        self._row = Drbg(xor(mixed(sender, receiver), keys.personalization))

    def take(self) -> bytes:
        return self._row.generate()[:NONCE]

    def open(self, sealed: bytes, beside: bytes, steps: int = STEPS) -> bytes | None:
        """Decrypt with one of the next nonces and go on behind it; without success nothing is used up."""
        row = self._row.twin()
        for _ in range(steps):
            plain = ccm_open(self.keys.ccm, row.generate()[:NONCE], sealed, beside)
            if plain is not None:
                self._row = row
                return plain
        return None
