"""The stick's part of joining as transcripts: `talk >> step` is what the conversation wants, `talk << answer` what came."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from drivers.zwave import network_functions as nf
from drivers.zwave.functions import NodeInfo
from drivers.zwave.joining import conversations, protocol
from drivers.zwave.joining.protocol import Arrival, HalfJoinedError
from drivers.zwave.joining.steps import (
    Answer,
    Cancelled,
    Count,
    Counted,
    Do,
    Done,
    Listen,
    News,
    Outcome,
    Ping,
    Reached,
    Say,
    Step,
    Talking,
    TimedOut,
    Told,
)
from hub.errors import Rejected, Unavailable

FOUND, LOCK, FINISHED = b"\x02\0\0", bytes.fromhex("03" + "07" + "05" + "044003" + "5e9f"), b"\x05\0\0"
BEFORE = Counted(frozenset({2, 3}), listening=1, beamed=1, at=0.0)
CALL = 0x43


@dataclass
class Script:
    """A conversation, step by step. What it says to a person is passed over."""

    talking: Talking[Arrival] | Talking[int] | Talking[bool] | Talking[Outcome]
    now: float = 0.0
    result: object = None
    step: Step | None = field(init=False)

    def __post_init__(self) -> None:
        self.step = self._next(None)

    def __rshift__(self, step: Step) -> Script:
        assert self.step == step
        return self

    def __lshift__(self, answer: Answer | Unavailable) -> Script:
        self.step = self._next(answer)
        return self

    def later(self, seconds: float) -> Script:
        self.now += seconds
        return self

    def done(self, callback: bytes | None = b"", response: bytes = b"") -> Script:
        return self << Done(response, callback, CALL, self.now)

    def news(self, payload: bytes) -> Script:
        return self << News(payload, self.now)

    def _next(self, answer: Answer | Unavailable | None) -> Step | None:
        try:
            step = self.talking.throw(answer) if isinstance(answer, Unavailable) else self.talking.send(answer)  # type: ignore[arg-type]
            while isinstance(step, Say):
                step = self.talking.send(Told(self.now))
        except StopIteration as end:
            self.result = end.value
            return None
        return step


def adding(until: float, *, stoppable: bool = False) -> Listen:
    return Listen(nf.ADD_NODE, CALL, until, stoppable)


def removing(until: float, *, stoppable: bool = False) -> Listen:
    return Listen(nf.REMOVE_NODE, CALL, until, stoppable)


def begun() -> Script:
    talk = Script(protocol.include(nf.add_node(), "press"))
    talk >> Count(kinds=True) << BEFORE
    talk >> Do(nf.add_node())
    return talk


# ---- adding ----------------------------------------------------------------------------------------------------------


def test_a_device_is_let_in() -> None:
    talk = begun().done(b"\x01")
    talk >> adding(60.0, stoppable=True)
    talk.later(5).news(FOUND) >> adding(65.0)
    talk.later(1).news(LOCK) >> adding(5 + 76.0 + 0.217 + 3.517)
    talk.later(1).news(FINISHED) >> Do(nf.stop_adding())
    talk.done(b"\x06\x07") >> Do(nf.leave_adding())
    talk.done(None)
    assert talk.result == Arrival(7, NodeInfo(0x40, 3, frozenset({0x5E, 0x9F})))


def test_what_is_said_twice_or_is_nonsense_is_passed_over() -> None:
    talk = begun().done(b"\x01")
    talk.news(b"\x01").news(b"").news(b"\x99").news(b"\x03\x07") >> adding(60.0, stoppable=True)
    talk.news(FOUND).news(FOUND) >> adding(60.0)


def test_once_a_device_is_found_nobody_can_stop_it() -> None:
    """INS13954 4.4.1.1.3: that would make ghosts."""
    talk = begun().done(b"\x01").news(FOUND)
    assert isinstance(talk.step, Listen)
    assert not talk.step.stoppable
    talk.news(LOCK)
    assert isinstance(talk.step, Listen)
    assert not talk.step.stoppable


@pytest.mark.parametrize("answer", [TimedOut(60.0), Cancelled(5.0)])
def test_nobody_came_or_it_was_cancelled(answer: Answer) -> None:
    talk = begun().done(b"\x01")
    talk << answer
    talk >> Do(nf.leave_adding())
    talk.done(None)
    assert isinstance(talk.step, Listen)
    talk << TimedOut(62.0)
    talk >> Count()
    with pytest.raises(Rejected):
        talk << BEFORE


def test_a_device_that_is_in_although_nothing_was_said_of_it_is_not_forgotten() -> None:
    talk = begun().done(b"\x01")
    talk << Cancelled(5.0)
    talk.done(None) << TimedOut(7.0)
    with pytest.raises(HalfJoinedError) as half:
        talk << Counted(BEFORE.nodes | {7}, 1, 1, 7.0)
    assert half.value.node == 7


def test_a_device_that_is_found_in_the_instant_of_cancelling_is_not_forgotten() -> None:
    talk = begun().done(b"\x01")
    talk << Cancelled(5.0)
    talk >> Do(nf.leave_adding())
    talk.done(None).news(FOUND).news(FINISHED)
    talk >> Do(nf.stop_adding())


def test_a_stick_that_is_never_ready_is_left() -> None:
    talk = begun()
    talk << Unavailable("no callback")
    talk >> Do(nf.leave_adding())
    with pytest.raises(Unavailable):
        talk.done(None)


def test_a_stick_that_does_not_even_stop_is_left_all_the_same() -> None:
    talk = begun().done(b"\x01").news(FOUND).news(LOCK).news(FINISHED)
    talk >> Do(nf.stop_adding()) << Unavailable("no callback")
    talk >> Do(nf.leave_adding())
    talk.done(None)
    assert isinstance(talk.result, Arrival)
    assert talk.result.node == 7


@pytest.mark.parametrize("number", [0, 0xFF])
def test_a_device_without_a_number_is_none(number: int) -> None:
    nobody = LOCK[:1] + bytes((number,)) + LOCK[2:]
    talk = begun().done(b"\x01").news(FOUND).news(nobody).news(FINISHED).done(bytes((6, number)))
    with pytest.raises(Rejected, match="no number"):
        talk.done(None)


# ---- removing --------------------------------------------------------------------------------------------------------


def test_a_device_is_let_out() -> None:
    talk = Script(protocol.exclude("press"))
    talk >> Do(nf.remove_node())
    talk.done(b"\x01") >> removing(60.0, stoppable=True)
    talk.later(5).news(FOUND) >> removing(19.0)
    talk.later(1).news(b"\x03\x07") >> removing(19.0)
    talk.later(1).news(b"\x06\x07") >> Do(nf.leave_removing())
    talk.done(None) >> Count() << BEFORE
    assert talk.result == 7


def test_removing_that_takes_too_long_is_believed_only_if_the_list_agrees() -> None:
    """INS13954 4.4.22.3.3."""
    for left, gone in ((BEFORE, True), (Counted(frozenset({2, 7}), 0, 0, 0.0), False)):
        talk = Script(protocol.exclude("press")).done(b"\x01").news(FOUND).news(b"\x03\x07")
        talk << TimedOut(14.0)
        talk >> Do(nf.stop_removing())
        talk.done(b"\x07") >> Do(nf.leave_removing())
        talk.done(None) >> Count()
        if gone:
            talk << left
            assert talk.result == 7
        else:
            with pytest.raises(Rejected, match="could not take the device out"):
                talk << left


@pytest.mark.parametrize("first", [FOUND, b"\x03\x07"])
def test_a_device_that_is_found_in_the_instant_of_cancelling_a_removal_is_let_out(first: bytes) -> None:
    talk = Script(protocol.exclude("press")).done(b"\x01")
    talk << Cancelled(5.0)
    talk >> Do(nf.leave_removing())
    talk.later(5).done(None) >> removing(7.0)
    talk.news(first)
    if first == FOUND:
        talk.news(b"\x03\x07")
    talk.news(b"\x06\x07") >> Do(nf.leave_removing())
    talk.done(None) >> Count() << BEFORE
    assert talk.result == 7


def test_a_device_that_is_out_although_nothing_was_said_of_it_has_left() -> None:
    talk = Script(conversations.remove())
    talk >> Count() << BEFORE
    talk.done(b"\x01") << Cancelled(5.0)
    talk.done(None) << TimedOut(7.0)
    talk >> Count() << Counted(frozenset({2}), 1, 0, 7.0)
    assert talk.result == Outcome(3)


def test_a_removal_that_was_cancelled_in_time_says_so() -> None:
    talk = Script(conversations.remove())
    talk << BEFORE
    talk.done(b"\x01") << Cancelled(5.0)
    talk.done(None) << TimedOut(7.0)
    with pytest.raises(Rejected, match="cancelled"):
        talk << BEFORE


# ---- replacing -------------------------------------------------------------------------------------------------------


def test_a_failed_device_is_replaced() -> None:
    talk = Script(protocol.replace(7, "press"))
    talk >> Ping(7) << Reached(reached=False, at=0.0)
    talk >> Do(nf.replace_failed_node(7))
    talk.done(b"\x03", b"\x00") >> Listen(nf.REPLACE_FAILED_NODE, CALL, 120.0, stoppable=True)
    talk.news(b"\x03").news(b"\x04")
    assert talk.result == Arrival(7, None)


@pytest.mark.parametrize("answer", [TimedOut(60.0), Cancelled(5.0)])
def test_replacing_is_ended_as_adding_is(answer: Answer) -> None:
    talk = Script(protocol.replace(7, "press"))
    talk << Reached(reached=False, at=0.0)
    talk.done(b"\x03", b"\x00")
    talk << answer
    talk >> Do(nf.leave_adding())
    talk.done(None) >> Listen(nf.REPLACE_FAILED_NODE, CALL, 10.0)
    with pytest.raises(Rejected):
        talk << TimedOut(10.0)


def test_a_device_that_takes_the_place_in_the_instant_of_cancelling_is_not_forgotten() -> None:
    talk = Script(protocol.replace(7, "press"))
    talk << Reached(reached=False, at=0.0)
    talk.done(b"\x03", b"\x00")
    talk << Cancelled(5.0)
    talk.done(None).news(b"\x03")
    with pytest.raises(HalfJoinedError):
        talk.news(b"\x04")


@pytest.mark.parametrize(("status", "words"), [(b"\x00", "still answers"), (b"\x05", "could not begin")])
def test_replacing_that_does_not_begin(status: bytes, words: str) -> None:
    talk = Script(protocol.replace(7, "press"))
    talk << Reached(reached=False, at=0.0)
    with pytest.raises(Rejected, match=words):
        talk.done(status, b"\x00")


@pytest.mark.parametrize(("callback", "out"), [(b"\x01", True), (b"\x02", False), (b"\x00", False), (None, False)])
def test_a_failed_device_is_struck_out_only_when_the_stick_says_so(callback: bytes | None, out: bool) -> None:
    talk = Script(protocol.remove_failed(7))
    talk >> Do(nf.remove_failed_node(7))
    talk.done(callback, b"\x00")
    assert talk.result is out
