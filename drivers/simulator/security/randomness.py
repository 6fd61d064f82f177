"""Bytes for nonces: the same ones again for the same seed, so that a run can be repeated."""

from __future__ import annotations

import os
from hashlib import sha256
from itertools import count

from drivers.simulator.security.keys import Randomness


def randomness(seed: int | None) -> Randomness:
    if seed is None:
        return os.urandom
    numbers = count()

    def seeded(length: int) -> bytes:
        drawn = b""
        while len(drawn) < length:
            drawn += sha256(f"nonces {seed} {next(numbers)}".encode()).digest()
        return drawn[:length]

    return seeded
