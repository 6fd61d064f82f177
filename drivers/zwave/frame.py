"""Frames of the Serial API: bytes in any portions in, ACK, NAK, CAN and data frames out; no I/O and no clock.

Source: INS12350-21 "Serial API Host Appl. Prg. Guide", sections 5 (layout) and 6.2 (timing).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from operator import xor

from hub.errors import Garbled

SOF = 0x01
"""Start of Frame, INS12350 5.4.1."""
ABANDON_AFTER_S = 1.5
"""A frame that is not complete by then is dropped without a NAK, INS12350 6.2.1."""
MAX_PAYLOAD = 0xFF - 3
_SHORTEST = 3  # length counts itself, type and command: INS12350 5.4.2


class Control(Enum):
    """Frames of one byte, INS12350 5.1 to 5.3."""

    ACK = 0x06
    NAK = 0x15
    CAN = 0x18


@dataclass(frozen=True, slots=True)
class Frame:
    """A data frame, INS12350 5.4. `payload` may hold a PIN and stays out of the repr."""

    function: int
    payload: bytes = field(default=b"", repr=False)
    response: bool = False


class Damage(Enum):
    """What came was not a frame; the value says what followed from it."""

    CHECKSUM = "a frame had a wrong checksum"
    CUT_SHORT = "a frame was not completed in time"
    NOISE = "there were bytes between the frames"


Unit = Control | Frame | Damage
_CONTROLS = {control.value: control for control in Control}


def checksum(covered: bytes) -> int:
    """Of length, type, command and parameters, INS12350 5.4.6."""
    return reduce(xor, covered, 0xFF)


def serialize(frame: Frame) -> bytes:
    covered = bytes((len(frame.payload) + 3, frame.response, frame.function)) + frame.payload
    return bytes((SOF,)) + covered + bytes((checksum(covered),))


def parse(data: bytes) -> Frame:
    """Read exactly one data frame.

    Raises:
        Garbled: it is none, or not one alone.
    """
    units = list(Deframer().receive(data, 0.0))
    if len(units) != 1 or not isinstance(units[0], Frame):
        raise Garbled("the Z-Wave stick sent something that is not a frame")
    return units[0]


class Deframer:
    """Finds the frames in a stream of bytes and gets back in step after noise.

    A damaged frame is dropped whole: looking for single-byte frames inside it would find an ACK or a CAN that nobody
    sent. The stick repeats what nobody acknowledged.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._started: float | None = None
        """When the SOF at the head of the buffer came; None while no frame has begun."""

    def receive(self, data: bytes, now: float) -> Iterator[Unit]:
        yield from self.timeout(now)
        for byte in data:
            yield from self._take(byte, now)

    def deadline(self) -> float | None:
        return None if self._started is None else self._started + ABANDON_AFTER_S

    def timeout(self, now: float) -> Iterator[Unit]:
        deadline = self.deadline()
        if deadline is not None and now >= deadline:
            self._restart()
            yield Damage.CUT_SHORT

    def _take(self, byte: int, now: float) -> Iterator[Unit]:
        if self._started is None:
            yield from self._begin(byte, now)
            return
        self._buffer.append(byte)
        if len(self._buffer) == 2 and byte < _SHORTEST:  # no length, so the SOF before it was none either
            self._restart()
            yield Damage.NOISE
            yield from self._begin(byte, now)
        elif len(self._buffer) == self._buffer[1] + 2:
            yield from self._complete()

    def _begin(self, byte: int, now: float) -> Iterator[Unit]:
        if byte == SOF:
            self._buffer.append(byte)
            self._started = now
        else:
            yield _CONTROLS.get(byte, Damage.NOISE)

    def _complete(self) -> Iterator[Unit]:
        whole = bytes(self._buffer)
        self._restart()
        covered, received = whole[1:-1], whole[-1]
        if checksum(covered) != received:
            yield Damage.CHECKSUM
        else:
            # Types above 1 are reserved and MUST be ignored (INS12350 5.4.3): a function nobody listens to.
            kind, function, payload = covered[1], covered[2], covered[3:]
            yield Frame(function, payload, response=kind == 1) if kind <= 1 else Damage.NOISE

    def _restart(self) -> None:
        self._buffer.clear()
        self._started = None
