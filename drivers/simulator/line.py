"""The stick's end of the serial line: which bytes are a frame, which frame goes out when, and again.

Source: INS12350 (Serial API Host Application Programming Guide) §5 and §6.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from drivers.simulator.faults import Trouble
from drivers.simulator.frames import ACK, CAN, NAK, REQUEST, Data, Reader, Sign, encode
from drivers.simulator.quirks import Chance
from drivers.simulator.settings import Config, Segments

DELIVERY_S: Final = 1.6
"""Until a frame that was not acknowledged counts as lost (INS12350 §6.2.2)."""
RETRIES: Final = 3
"""INS12350 §6.3, where the wait before retransmission n is 100 ms + n × 1 s."""


@dataclass(slots=True)
class _Unacknowledged:
    frame: bytes
    again_at: float
    tries: int = 0


class Line:
    def __init__(self, settings: Config, chance: Chance, trouble: Trouble) -> None:
        self._settings = settings
        self._chance = chance
        self._trouble = trouble
        self._reader = Reader()
        self._out: list[bytes] = []
        self._frames: deque[bytes] = deque()
        self._unacknowledged: _Unacknowledged | None = None
        self._plugged = False

    def plug(self) -> None:
        """A host has opened the line. What was meant for an earlier one is gone."""
        self._plugged = True
        self._reader.forget()
        self._out.clear()
        self.drop()

    def unplug(self) -> None:
        self.plug()
        self._plugged = False

    def drop(self) -> None:
        """Whatever was to be said is not said."""
        self._frames.clear()
        self._unacknowledged = None

    def receive(self, data: bytes, now: float) -> Iterator[Data]:
        """The requests in these bytes that were taken."""
        if not self._plugged:
            return
        for unit in self._reader.feed(data, now):
            match unit:
                case Data():
                    if self._takes(unit):
                        yield unit
                case Sign.ACK:
                    self._unacknowledged = None
                case Sign.NAK | Sign.CAN:
                    self._refused(now)
                case Sign.BROKEN:
                    self._out.append(bytes([NAK]))
                case _ as never:
                    assert_never(never)

    def _takes(self, data: Data) -> bool:
        happens, faults = self._trouble.happens, self._trouble.faults
        crossing = self._settings.collisions and self._unacknowledged is not None
        if crossing or happens(faults.cancels):
            self._out.append(bytes([CAN]))
            return False
        if happens(faults.refusals):
            self._out.append(bytes([NAK]))
            return False
        if not happens(faults.lost_acks):
            self._out.append(bytes([ACK]))
        return data.kind == REQUEST

    def say(self, kind: int, function: int, body: bytes) -> None:
        if self._plugged:
            self._frames.append(encode(Data(kind, function, body)))

    def to_send(self) -> list[bytes]:
        """What goes out now, each element in a write of its own."""
        ready, self._out = [self._trouble.spoil(unit) for unit in self._out], []
        how = self._settings.segments
        if how is Segments.MIXED:
            how = (Segments.WHOLE, Segments.JOINED, Segments.SPLIT)[self._chance.randrange(0, 3)]
        match how:
            case Segments.WHOLE | Segments.MIXED:
                return ready
            case Segments.JOINED:
                return [b"".join(ready)] if ready else []
            case Segments.SPLIT:
                return [piece for unit in ready for piece in self._cut(unit)]
            case _ as never:
                assert_never(never)

    def _cut(self, unit: bytes) -> list[bytes]:
        if len(unit) < 2:
            return [unit]
        at = self._chance.randrange(1, len(unit))
        return [unit[:at], *self._cut(unit[at:])]

    def deadline(self) -> float | None:
        moments = (self._reader.deadline(), None if self._unacknowledged is None else self._unacknowledged.again_at)
        return min((moment for moment in moments if moment is not None), default=None)

    def expire(self, now: float) -> None:
        """To be called before anything else at a moment: half a frame does not wait for ever."""
        self._reader.expire(now)

    def timeout(self, now: float) -> None:
        if self._unacknowledged is not None and self._unacknowledged.again_at <= now:
            self._retransmit(self._unacknowledged, now)
        if self._unacknowledged is None and self._frames:
            frame = self._frames.popleft()
            self._put(frame)
            self._unacknowledged = _Unacknowledged(frame, now + DELIVERY_S)

    def _refused(self, now: float) -> None:
        if self._unacknowledged is not None:
            self._unacknowledged.again_at = now + 0.1 + self._unacknowledged.tries

    def _retransmit(self, pending: _Unacknowledged, now: float) -> None:
        if pending.tries == RETRIES:
            self._unacknowledged = None
            return
        pending.tries += 1
        pending.again_at = now + DELIVERY_S
        self._put(pending.frame)

    def _put(self, frame: bytes) -> None:
        if not self._trouble.happens(self._trouble.faults.lost_frames):
            self._out.append(frame)
