"""One conversation with a Z-Wave stick: who may speak, what is repeated and which answer belongs to which call.

Theory of operation. No I/O and no clock: bytes and the time are handed in, bytes and events are taken out. One call is
outstanding at a time, because the Serial API allows only one (INS12350 6.5.2). It goes through these stages, each with
its own deadline:

    ACK  --ACK-->  RESPONSE  --RES-->  CALLBACK  --REQ with our id-->  answered
     | NAK, CAN, 1.6 s                    | deadline or `abort`
     v                                    v
    PAUSE --time--> ACK again          CLOSING: SendDataAbort was sent, its callback is awaited a little longer

A callback that overtakes its response is kept until the response is here. Frames that belong to no call are passed on as
`Heard` in the order of arrival, so a lock's report may come before the callback of the command that asked for it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from drivers.zwave.frame import Control, Damage, Deframer, Frame, Unit, serialize
from drivers.zwave.functions import SEND_DATA_ABORT, Call

ACK_WITHIN_S = 1.6
"""INS12350 6.2.2."""
TRIES = 3
"""zwave-js 15 `attempts.controller`; INS12350 6.3 would allow four."""
CROSSINGS = 10
"""How often the stick may speak at the same time as we do. INS12350 6.3 counts these like lost frames, but a burst of
reports crosses a command more often than three times, and a stick that speaks need not be opened again."""
ABORT_GRACE_S = 10.0
"""How long after SendDataAbort its callback may take: zwave-js 15 aborts after 20 s and gives up after 30 s."""


def pause_before_repeating(earlier: int) -> float:
    """Seconds before the next try, when `earlier` repetitions were made: INS12350 6.3."""
    return 0.1 + earlier * 1.0


class Loss(Enum):
    """How a call ended without its answer, as a clause for people."""

    NO_ACK = "the Z-Wave stick does not react"
    REFUSED = "the Z-Wave stick is too busy to listen"
    NO_RESPONSE = "the Z-Wave stick did not answer"
    NO_CALLBACK = "the Z-Wave stick did not say whether it sent the command"
    WITHDRAWN = "the command was withdrawn"


@dataclass(frozen=True, slots=True)
class Answered:
    call: Call
    response: bytes
    callback: bytes | None
    """What followed the callback id, or the whole of the frame that ended the call; None when the stick refused."""
    id: int = field(default=0, compare=False)
    """The callback id: some functions go on calling back with it (INS13954 4.4.1.2)."""
    aborted: bool = field(default=False, compare=False)
    """Whether it was given up before it ended."""


@dataclass(frozen=True, slots=True)
class Lost:
    call: Call
    why: Loss


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame that belongs to no call."""

    frame: Frame


Event = Answered | Lost | Heard


class _Stage(Enum):
    ACK = auto()
    PAUSE = auto()
    RESPONSE = auto()
    CALLBACK = auto()
    CLOSING = auto()


@dataclass(slots=True)
class _Outstanding:
    call: Call
    callback_id: int
    wire: bytes = field(repr=False)
    stage: _Stage
    due: float
    tries: int = 1
    crossed: int = 0
    response: bytes | None = None
    callback: bytes | None = None
    unwanted: bool = False


class Link:
    """The host's side of the Serial API. Bytes from `to_send` must be written in order; events are taken until None."""

    def __init__(self) -> None:
        self.can_abort = False
        """Whether the stick knows SendDataAbort; told by whoever has read its capabilities."""
        self.damaged_at: float | None = None
        """When the line was last seen to garble something."""
        self._deframer = Deframer()
        self._out = bytearray()
        self._events: deque[Event] = deque()
        self._outstanding: _Outstanding | None = None
        self._last_id = 0

    @property
    def idle(self) -> bool:
        return self._outstanding is None

    def open(self) -> None:
        """Begin by telling the stick to drop whatever it was in the middle of: INS12350 6.1.2."""
        self._out.append(Control.NAK.value)

    def send(self, call: Call, now: float) -> None:
        """Make a call; only while `idle`."""
        assert self._outstanding is None
        self._last_id = self._last_id % 0xFF + 1  # 0 would switch the callback off: INS12350 5.4.5.1
        wire = serialize(Frame(call.function, call.payload(self._last_id)))
        self._outstanding = _Outstanding(call, self._last_id, wire, _Stage.ACK, now + ACK_WITHIN_S)
        self._out += wire

    def abort(self, now: float) -> None:
        """Withdraw the outstanding call as far as it has not left yet. Its end is reported all the same."""
        at = self._outstanding
        if at is None:
            return
        if at.stage is _Stage.PAUSE:
            self._lose(at, Loss.WITHDRAWN)
        elif at.stage is _Stage.CALLBACK:
            self._close(at, now)
        else:
            at.unwanted = True

    def receive(self, data: bytes, now: float) -> None:
        self.timeout(now)
        for unit in self._deframer.receive(data, now):
            self._take(unit, now)

    def to_send(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def next_event(self) -> Event | None:
        return self._events.popleft() if self._events else None

    def deadline(self) -> float | None:
        """When `timeout` wants to be called next."""
        waiting = [self._deframer.deadline(), self._outstanding.due if self._outstanding else None]
        return min((due for due in waiting if due is not None), default=None)

    def timeout(self, now: float) -> None:
        for unit in self._deframer.timeout(now):
            self._take(unit, now)
        at = self._outstanding
        if at is None or now < at.due:
            return
        match at.stage:
            case _Stage.ACK:
                self._repeat(at, now, waited=ACK_WITHIN_S)
            case _Stage.PAUSE:
                at.tries += 1
                at.stage, at.due = _Stage.ACK, now + ACK_WITHIN_S
                self._out += at.wire
            case _Stage.RESPONSE:
                self._lose(at, Loss.NO_RESPONSE)
            case _Stage.CALLBACK:
                self._close(at, now)
            case _Stage.CLOSING:
                self._lose(at, Loss.NO_CALLBACK)

    # ---- what arrives ----------------------------------------------------------------------------------------------

    def _take(self, unit: Unit, now: float) -> None:
        match unit:
            case Control():
                self._take_control(unit, now)
            case Frame():
                self._out.append(Control.ACK.value)
                self._take_frame(unit, now)
            case Damage.CHECKSUM:
                self.damaged_at = now
                self._out.append(Control.NAK.value)
            case Damage():
                self.damaged_at = now

    def _take_control(self, control: Control, now: float) -> None:
        at = self._outstanding
        if at is None or at.stage is not _Stage.ACK:
            return
        if control is Control.ACK:
            self._delivered(at, now)
        elif control is Control.CAN:
            self._make_way(at, now)
        else:
            self._repeat(at, now, waited=0.0)

    def _take_frame(self, frame: Frame, now: float) -> None:
        at = self._outstanding
        if frame.response:
            if at is not None and at.call.responds and frame.function == at.call.function and at.response is None:
                if at.stage in {_Stage.ACK, _Stage.PAUSE}:  # the ACK before it was lost on the line
                    self._delivered(at, now)
                self._take_response(at, frame.payload, now)
        elif at is not None and self._is_callback(at, frame):
            at.callback = frame.payload[1:]
            if at.call.ended_by is not None:
                at.callback = frame.payload
                self._events.append(Heard(frame))
            if at.response is not None:
                self._answer(at)
        else:
            self._events.append(Heard(frame))

    @staticmethod
    def _is_callback(at: _Outstanding, frame: Frame) -> bool:
        if at.call.ended_by is not None:
            return at.call.ended_by(frame)
        ours = at.call.callback_at is not None and frame.function == at.call.function
        return ours and frame.payload[:1] == bytes((at.callback_id,))

    # ---- how a call goes on ----------------------------------------------------------------------------------------

    def _delivered(self, at: _Outstanding, now: float) -> None:
        if at.call.responds:
            at.stage, at.due = _Stage.RESPONSE, now + at.call.response_within_s
        else:
            at.response = b""
            self._await_callback(at, now)

    def _take_response(self, at: _Outstanding, payload: bytes, now: float) -> None:
        at.response = payload
        refused = (payload[:1] == b"\x00") is not at.call.zero_begins
        if at.call.has_callback and refused and at.callback is None:
            self._answer(at)  # no callback follows (INS13954 4.3.3.1.7)
        else:
            self._await_callback(at, now)

    def _await_callback(self, at: _Outstanding, now: float) -> None:
        if not at.call.has_callback or at.callback is not None:
            self._answer(at)
            return
        at.stage, at.due = _Stage.CALLBACK, now + at.call.callback_within_s
        if at.unwanted:
            self._close(at, now)

    def _close(self, at: _Outstanding, now: float) -> None:
        if not at.call.abortable:
            self._lose(at, Loss.NO_CALLBACK)
            return
        at.stage, at.due = _Stage.CLOSING, now + ABORT_GRACE_S
        if self.can_abort:
            self._out += serialize(Frame(SEND_DATA_ABORT))

    def _repeat(self, at: _Outstanding, now: float, *, waited: float) -> None:
        if at.unwanted:
            self._lose(at, Loss.WITHDRAWN)
        elif at.tries >= TRIES:
            self._lose(at, Loss.NO_ACK)
        else:
            # The time spent waiting for the ACK may be counted: INS12350 6.2.2.
            at.stage, at.due = _Stage.PAUSE, now + max(0.0, pause_before_repeating(at.tries - 1) - waited)
            self.timeout(now)

    def _make_way(self, at: _Outstanding, now: float) -> None:
        """The stick was about to say something itself (INS12350 5.3): it is there, and listens when that is over."""
        at.crossed += 1
        if at.unwanted:
            self._lose(at, Loss.WITHDRAWN)
        elif at.crossed > CROSSINGS:
            self._lose(at, Loss.REFUSED)
        else:
            at.tries -= 1  # counted again when it is repeated
            at.stage, at.due = _Stage.PAUSE, now + pause_before_repeating(0)

    def _answer(self, at: _Outstanding) -> None:
        assert at.response is not None
        self._outstanding = None
        aborted = at.stage is _Stage.CLOSING
        self._events.append(Answered(at.call, at.response, at.callback, at.callback_id, aborted))

    def _lose(self, at: _Outstanding, why: Loss) -> None:
        self._outstanding = None
        self._events.append(Lost(at.call, why))
