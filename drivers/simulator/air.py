"""How long things take in the air, and the least time that a batch of commands can take. Pure arithmetic.

Sources: ITU-T G.9959 (2015) for the three rates and the frame: preamble of 10, 20 or 40 bytes, start of frame, MAC header of 9
bytes, payload, check of 1 byte or 2. Assumed: 1.5 ms to turn a transceiver from one direction to the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TURN_S: Final = 0.0015
BEAM_LEAST_S: Final = 1.0
BEAM_MOST_S: Final = 1.1
"""A lock that listens once a second needs a beam of 1000 ms; first commands take 1.17 to 1.24 s in logs of real networks."""
_START: Final = 1
_HEADER: Final = 9


class Rate(StrEnum):
    FAST = "100k"
    MEDIUM = "40k"
    SLOW = "9.6k"

    @property
    def speed(self) -> int:
        """As a transmit report says it (INS13954 §4.3.3.1.7)."""
        return {Rate.SLOW: 1, Rate.MEDIUM: 2, Rate.FAST: 3}[self]


@dataclass(frozen=True, slots=True)
class _Shape:
    bits_per_s: float
    preamble: int
    check: int


_SHAPES: Final = {
    Rate.FAST: _Shape(100_000, 40, 2),
    Rate.MEDIUM: _Shape(40_000, 20, 1),
    Rate.SLOW: _Shape(9_600, 10, 1),
}


def frame_s(payload: int, rate: Rate) -> float:
    """Seconds that a frame with so many bytes of command is in the air, and until the other side may speak."""
    shape = _SHAPES[rate]
    return (shape.preamble + _START + _HEADER + payload + shape.check) * 8 / shape.bits_per_s + TURN_S


def acknowledged_s(payload: int, rate: Rate) -> float:
    """A frame and its acknowledgement."""
    return frame_s(payload, rate) + frame_s(0, rate)


def floor_s(commands: Iterable[int], rate: Rate, *, work: float = 0.0, beams: int = 1) -> float:
    """No host can be quicker: frames of these lengths back to back, the lock kept awake after the first beam.

    Args:
        commands: bytes of each command in both directions, encapsulation included.
        work: seconds that the lock itself takes over all of them.
    """
    return beams * BEAM_LEAST_S + work + sum(acknowledged_s(each, rate) for each in commands)


class Wrapping(StrEnum):
    """How commands are encrypted."""

    NONE = "none"
    S0 = "s0"
    S2 = "s2"


_NONCES: Final = (2, 10)
"""S0 Nonce Get and Nonce Report (SDS10865 §5.2)."""
_AROUND: Final = {
    Wrapping.NONE: 0,
    Wrapping.S0: 20,  # class, command, 8 bytes of nonce, properties, nonce id, 8 bytes of MAC (SDS10865 §5.3)
    Wrapping.S2: 12,  # class, command, number, properties, 8 bytes of tag
}


def code_frames(wrapping: Wrapping, *, digits: int = 6, supervised: bool, read_back: bool) -> tuple[int, ...]:
    """What setting one code by User Code Set takes, with User Code Get and Report where it is read back."""
    said = [4 + digits + (4 if supervised else 0)]
    if supervised:
        said.append(5)
    if read_back:
        said += [3, 4 + digits]
    nonces = _NONCES if wrapping is Wrapping.S0 else ()
    return tuple(length for each in said for length in (*nonces, each + _AROUND[wrapping]))
