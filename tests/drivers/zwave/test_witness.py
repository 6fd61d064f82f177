"""What is told once, what waits for an explanation, and what is old news."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.cc import Unknown, decode, door_lock, notification
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.door_lock import Heading, Mode
from drivers.zwave.cc.notification import Happening
from drivers.zwave.witness import Witness
from hub.model.facts import (
    Abilities,
    BoltMoved,
    CodesChanged,
    Fact,
    LockFound,
    LockHeard,
    LockSilent,
    ModeTold,
    Trouble,
    TroubleSeen,
)
from hub.model.values import Address, How, Position
from tests.drivers.zwave.fakes import START

LOCK = Address("2")
SECURED, UNSECURED = door_lock.OperationReport(Mode.SECURED), door_lock.OperationReport(Mode.UNSECURED)


def event(number: int, parameters: str = "", *, sequence: int | None = None) -> notification.Report:
    return notification.Report(happening=Happening(6, number, bytes.fromhex(parameters), sequence))


class Watch:
    """A witness, the time, and what it told."""

    def __init__(self) -> None:
        self.told: list[Fact] = []
        self.now = 0.0
        self.witness = Witness(LOCK, self.told.append)

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def introduce(self) -> Watch:
        self.witness.introduce(LockFound(LOCK, self.at, Abilities("x")), self.now)
        self.told.clear()
        return self

    def hear(self, command: Command) -> bool:
        return self.witness.hear(command, self.now, self.at)

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.witness.timeout(self.now)

    def moves(self) -> list[tuple[Position, How, int | None]]:
        return [(fact.position, fact.how, fact.slot) for fact in self.told if isinstance(fact, BoltMoved)]


@pytest.fixture
def watch() -> Watch:
    return Watch().introduce()


def test_what_was_seen_before_the_introduction_is_told_after_it() -> None:
    watch = Watch()
    watch.hear(event(6, "630304"))
    watch.hear(decode(bytes.fromhex("80035a")))  # type: ignore[arg-type]  # a battery report
    assert watch.told == []
    watch.witness.introduce(LockFound(LOCK, watch.at, Abilities("x")), 0.0)
    assert [type(fact).__name__ for fact in watch.told] == ["LockFound", "BoltMoved", "BatteryRead"]


def test_a_bare_report_waits_for_who_did_it(watch: Watch) -> None:
    watch.hear(UNSECURED)
    watch.told.clear()
    watch.hear(SECURED)
    watch.later(1.0)
    watch.hear(event(5, "630304"))
    watch.later(10)
    assert watch.moves() == [(Position.LOCKED, How.KEYPAD, 4)]


def test_a_bare_report_that_nobody_explains_is_told_with_the_time_it_came(watch: Watch) -> None:
    watch.hear(UNSECURED)
    watch.told.clear()
    came = watch.at
    watch.hear(SECURED)
    watch.hear(SECURED)
    assert watch.witness.deadline() == 1.5
    watch.later(1.5)
    assert watch.told == [BoltMoved(LOCK, came, Position.LOCKED)]
    assert watch.witness.deadline() is None


def test_a_report_that_agrees_is_no_news(watch: Watch) -> None:
    watch.hear(event(1))
    watch.hear(SECURED)
    watch.later(10)
    assert watch.moves() == [(Position.LOCKED, How.MANUAL, None)]


def test_a_moving_bolt_is_nowhere_yet(watch: Watch) -> None:
    watch.hear(UNSECURED)
    watch.told.clear()
    watch.hear(door_lock.OperationReport(Mode.UNSECURED, heading=Heading(Mode.SECURED, 2)))
    watch.later(10)
    assert watch.told == []


def test_a_repetition_after_four_seconds_is_old_news(watch: Watch) -> None:
    watch.hear(event(6, "630304"))
    watch.later(4.3)
    assert watch.hear(event(6, "630304")) is False
    assert len(watch.moves()) == 1


def test_a_repetition_that_would_overwrite_newer_news_makes_us_look(watch: Watch) -> None:
    watch.hear(event(2))
    watch.later(2.0)
    watch.hear(event(1))
    watch.later(2.3)
    assert watch.hear(event(2)) is True
    assert [position for position, *_ in watch.moves()] == [Position.UNLOCKED, Position.LOCKED]
    watch.hear(UNSECURED)  # somebody did turn it twice
    watch.later(2)
    assert [position for position, *_ in watch.moves()] == [Position.UNLOCKED, Position.LOCKED, Position.UNLOCKED]


def test_with_a_sequence_number_there_is_nothing_to_look_at(watch: Watch) -> None:
    watch.hear(event(2, sequence=7))
    watch.hear(event(1, sequence=8))
    assert watch.hear(event(2, sequence=7)) is False
    assert watch.hear(event(2, sequence=9)) is False
    assert [position for position, *_ in watch.moves()] == [Position.UNLOCKED, Position.LOCKED, Position.UNLOCKED]


def test_the_same_again_after_a_while_is_news(watch: Watch) -> None:
    watch.hear(event(6, "630304"))
    watch.later(6.0)
    watch.hear(event(6, "630304"))
    assert len(watch.moves()) == 2


def test_a_move_that_we_ordered_is_ours_and_told_once(watch: Watch) -> None:
    watch.hear(UNSECURED)
    watch.told.clear()
    watch.witness.commanded(Position.LOCKED, watch.now, watch.at)
    watch.hear(SECURED)
    watch.later(0.5)
    watch.hear(event(3))
    watch.later(10)
    assert watch.moves() == [(Position.LOCKED, How.REMOTE, None)]


def test_an_order_is_forgotten_after_its_deadline(watch: Watch) -> None:
    watch.hear(UNSECURED)
    watch.told.clear()
    watch.witness.commanded(Position.LOCKED, watch.now, watch.at)
    watch.later(10)
    watch.hear(SECURED)
    watch.later(2)
    assert watch.moves() == [(Position.LOCKED, How.UNKNOWN, None)]


def test_another_persons_move_while_we_order_is_theirs(watch: Watch) -> None:
    watch.hear(UNSECURED)
    watch.told.clear()
    watch.witness.commanded(Position.LOCKED, watch.now, watch.at)
    watch.hear(event(5, "630304"))
    assert watch.moves() == [(Position.LOCKED, How.KEYPAD, 4)]


@pytest.mark.parametrize("said", ["7105f001", "2001ff", "2003ff"])
def test_words_without_meaning_make_us_look(watch: Watch, said: str) -> None:
    assert watch.hear(decode(bytes.fromhex(said))) is True  # type: ignore[arg-type]  # a known command
    assert watch.told == []


def test_silence_is_told_once_and_ends_with_the_first_word(watch: Watch) -> None:
    watch.witness.silent("out of reach", watch.at)
    watch.witness.silent("out of reach", watch.at)
    watch.later(1)
    watch.witness.heard(watch.now, watch.at)
    watch.witness.heard(watch.now, watch.at)
    assert [type(fact) for fact in watch.told] == [LockSilent, LockHeard]


def test_the_silence_of_a_lock_never_met_is_told() -> None:
    watch = Watch()
    watch.witness.silent("out of reach", watch.at)
    watch.witness.heard(watch.now, watch.at)
    assert [type(fact) for fact in watch.told] == [LockSilent]


events = st.builds(
    event, st.integers(0, 40), st.sampled_from(["", "630304", "05"]), sequence=st.none() | st.integers(0, 3)
)
reports = st.builds(door_lock.OperationReport, st.sampled_from(Mode))


@given(st.lists(st.tuples(events | reports, st.floats(0, 8)), max_size=20), st.sampled_from([SECURED, UNSECURED]))
def test_in_the_end_the_house_believes_what_the_lock_says_last(
    story: list[tuple[Command, float]], last: door_lock.OperationReport
) -> None:
    watch = Watch().introduce()
    for command, pause in story:
        watch.hear(command)
        watch.later(pause)
    watch.hear(last)
    watch.later(1.5)
    assert watch.moves()[-1][0] is (Position.LOCKED if last is SECURED else Position.UNLOCKED)


def test_a_keypad_that_lets_nobody_in_is_told_with_its_mode(watch: Watch) -> None:
    for wire in ("630a01", "630a01", "630a02", "630a00", "630a03"):
        watch.hear(decode_command(wire))
    modes = [fact.mode.value for fact in watch.told if isinstance(fact, ModeTold)]
    assert modes == ["vacation", "privacy", "normal"]
    told = [(fact.trouble, fact.note) for fact in watch.told if isinstance(fact, TroubleSeen)]
    assert told == [(Trouble.KEYPAD_OFF, "too many wrong codes")]


def test_a_lock_that_was_reset_has_no_codes_and_is_gone(watch: Watch) -> None:
    watch.hear(decode_command("5a01"))
    assert [type(fact) for fact in watch.told] == [CodesChanged, LockSilent]
    assert "factory settings" in str(watch.told)


def decode_command(wire: str) -> Command:
    command = decode(bytes.fromhex(wire))
    assert not isinstance(command, Unknown)
    return command
