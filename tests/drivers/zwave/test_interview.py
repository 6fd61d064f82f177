"""Interviews without a radio: what is asked next, given the answers so far."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import TypeVar

import pytest

from drivers.zwave.cc import (
    association,
    battery,
    configuration,
    door_lock,
    door_lock_logging,
    manufacturer_specific,
    notification,
    schedule_entry_lock,
    user_code,
    user_credential,
    version,
)
from drivers.zwave.cc.codec import Command, serialize
from drivers.zwave.functions import NodeInfo, ProtocolInfo
from drivers.zwave.interview import Answer, Ask, Confirmed, confirm, interview
from drivers.zwave.known import Known
from hub.contracts.radio import Reach
from hub.errors import Unavailable

T = TypeVar("T")
PROTOCOL = ProtocolInfo(listening=False, beamed=True, generic=0x40, specific=3)
FULL = frozenset(bytes.fromhex("5e72868062637185"))
ANSWERS: dict[str, Command] = {
    "7204": manufacturer_specific.Report(0x0129, 0x810A, 0x4DD1),
    "8611": version.Report(3, (4, 5), (17, 8)),
    "861363": version.CommandClassReport(0x63, 1),
    "861362": version.CommandClassReport(0x62, 1),
    "861371": version.CommandClassReport(0x71, 8),
    "6304": user_code.UsersNumberReport(250),
    "6202": door_lock.OperationReport(door_lock.Mode.SECURED),
    "710106": notification.EventSupportedReport(6, frozenset({1, 2, 5, 6, 14, 15})),
    "8002": battery.Report(90),
    "850201": association.Report(1, 5, 0, (1,)),
}


def converse(questions: Generator[Ask, Answer, T], answers: Mapping[str, Command]) -> tuple[T, list[str]]:
    asked: list[str] = []
    answer: Answer = None
    while True:
        try:
            ask = questions.send(answer)
        except StopIteration as end:
            learnt: T = end.value
            return learnt, asked
        asked.append(serialize(ask.command).hex())
        answer = answers.get(asked[-1])
        assert answer is None or isinstance(answer, ask.report or ())


def meet(classes: frozenset[int] = FULL, **changed: Command | None) -> tuple[Known, list[str]]:
    answers = ANSWERS | {key.removeprefix("x"): value for key, value in changed.items() if value is not None}
    for key, value in changed.items():
        if value is None:
            answers.pop(key.removeprefix("x"), None)
    return converse(interview(PROTOCOL, NodeInfo(0x40, 3, classes), own_node=1), answers)


def test_a_lock_is_known_after_ten_questions() -> None:
    known, asked = meet()
    assert known == Known(
        generic=0x40,
        specific=3,
        classes=FULL,
        product=(0x0129, 0x810A, 0x4DD1),
        firmware="17.8",
        slots=250,
        reach=Reach.BEAMED,
        access_events=frozenset({1, 2, 5, 6, 14, 15}),
    )
    assert asked == ["7204", "8611", "861363", "6304", "861362", "6202", "861371", "710106", "8002", "850201"]


def test_no_question_changes_a_code() -> None:
    """zwave-js clears every code when it meets a lock (facts: PR #8525). We never do."""
    for classes in (FULL, FULL | {0x83}, FULL | {0x70, 0x6C}):
        _, asked = meet(classes)
        assert not [command for command in asked if command[:4] in {"6301", "630b", "6c01"}]


def test_the_lifeline_is_set_only_where_it_is_missing_and_there_is_room() -> None:
    _, asked = meet(x850201=association.Report(1, 5, 0, (9,)))
    assert asked[-1] == "85010101"
    known, asked = meet(x850201=association.Report(1, 5, 0, (1,)))
    assert (asked[-1], known.remarks) == ("850201", ())


@pytest.mark.parametrize(("others", "told"), [((9,), True), ((), False)])
def test_a_lifeline_in_which_there_is_no_room_is_left_as_it_is_and_remarked(
    others: tuple[int, ...], told: bool
) -> None:
    known, asked = meet(x850201=association.Report(1, len(others), 0, others))
    assert asked[-1] == "850201"
    assert any("of its own accord" in each for each in known.remarks) is told


@pytest.mark.parametrize(
    ("listening", "beamed", "expected"),
    [(True, False, Reach.LISTENS), (False, True, Reach.BEAMED), (False, False, Reach.SLEEPS)],
)
def test_how_a_lock_can_be_reached_is_noted(listening: bool, beamed: bool, expected: Reach) -> None:
    protocol = replace(PROTOCOL, listening=listening, beamed=beamed)
    known, _ = converse(interview(protocol, NodeInfo(0x40, 3, FULL), own_node=1), ANSWERS)
    assert known.reach is expected


@pytest.mark.parametrize(("counted", "slots"), [(251, 250), (8, 8)])
def test_a_maker_s_number_of_slots_is_never_more_than_the_lock_counts(counted: int, slots: int) -> None:
    yrd256 = manufacturer_specific.Report(0x0129, 0x8002, 0x0600)
    known, _ = meet(x7204=yrd256, x6304=user_code.UsersNumberReport(counted))
    assert known.slots == slots


def test_optional_answers_may_stay_out() -> None:
    known, _ = meet(
        x7204=None, x8611=None, x861363=None, x861362=None, x861371=None, x8002=None, x850201=None, x6202=None
    )
    assert (known.product, known.firmware, known.slots, known.code_version) == (None, "", 250, 1)


def test_a_lock_that_hides_its_slots_is_asked_again_another_time() -> None:
    with pytest.raises(Unavailable):
        meet(x6304=None)


def test_only_what_a_node_lists_is_asked() -> None:
    known, asked = meet(frozenset({0x62}))
    assert asked == ["6202"]
    assert (known.slots, known.moves) == (0, True)


def test_a_node_that_is_no_lock_is_asked_nothing() -> None:
    known, asked = meet(frozenset({0x5E, 0x86, 0x25}))
    assert (asked, known.is_lock) == ([], False)


def test_a_secure_lock_is_asked_only_who_it_is() -> None:
    known, asked = meet(frozenset({0x5E, 0x72, 0x86, 0x98, 0x9F}))
    assert asked == ["7204", "8611"]
    assert known.device.model == "Yale NF-YRD612-ZW3"


PINS = user_credential.Ability(kind=1, slots=30, least=3, most=12)


def test_codes_kept_with_users_are_left_alone_by_user_code() -> None:
    users = user_credential.UserCapabilitiesReport(20)
    able = user_credential.CredentialCapabilitiesReport((PINS,))
    known, asked = meet(FULL | {0x83, 0x4E, 0x8B}, x8301=users, x8303=able)
    assert (known.slots, known.min_digits, known.max_digits, known.credentials) == (20, 4, 10, True)
    assert not {"6304", "4e09"} & set(asked)
    with pytest.raises(Unavailable):
        meet(FULL | {0x83}, x8301=users)
    known, _ = meet(FULL | {0x83}, x8301=users, x8303=user_credential.CredentialCapabilitiesReport(()))
    assert (known.slots, known.credentials) == (0, True)
    known, _ = meet(FULL | {0x83}, x8301=user_credential.UserCapabilitiesReport(0))
    assert (known.slots, known.credentials) == (250, False)


@pytest.mark.parametrize(
    ("more", "report", "expected"),
    [
        ({0x4E, 0x8B}, schedule_entry_lock.SupportedReport(7, 2, 1), (7, 2, 1)),
        ({0x4E, 0x81}, schedule_entry_lock.SupportedReport(7, 2), (7, 2, 0)),
        ({0x4E, 0x8B}, None, (0, 0, 0)),
        ({0x4E}, schedule_entry_lock.SupportedReport(7, 2, 1), (0, 0, 0)),
        ({0x8B}, schedule_entry_lock.SupportedReport(7, 2, 1), (0, 0, 0)),
    ],
)
def test_schedules_are_asked_for_where_the_lock_has_a_clock_that_can_be_set(
    more: set[int], report: Command | None, expected: tuple[int, int, int]
) -> None:
    known, asked = meet(FULL | more, x4e09=report)
    assert known.schedules == expected
    assert known.abilities().schedules is (expected[1] > 0 and 0x8B in more)
    assert ("4e09" in asked) is (len(more) == 2)


def test_the_length_of_codes_is_asked_where_it_is_fixed() -> None:
    schlage = manufacturer_specific.Report(0x003B, 0x6341, 0x5044)
    known, _ = meet(FULL | {0x70}, x7204=schlage, x700510=configuration.Report(16, 6))
    assert (known.min_digits, known.max_digits) == (6, 6)
    with pytest.raises(Unavailable):
        meet(FULL | {0x70}, x7204=schlage)


def test_version_4_is_asked_for_its_modes() -> None:
    capable = door_lock.CapabilitiesReport(frozenset({2}), (1, 255))
    known, _ = meet(x861362=version.CommandClassReport(0x62, 4), x6207=capable)
    assert known.modes == (1, 255)


def test_old_alarms_are_not_asked_for_events() -> None:
    _, asked = meet(x861371=version.CommandClassReport(0x71, 2))
    assert "710106" not in asked


def test_a_lock_is_confirmed_with_three_questions() -> None:
    known, _ = meet()
    assert converse(confirm(known), ANSWERS) == (Confirmed.SAME, ["7204", "8611", "6202"])
    assert converse(confirm(known), {}) == (Confirmed.SAME, ["7204", "8611", "6202"])


def test_another_makers_numbers_are_another_lock() -> None:
    known, _ = meet()
    other = {"7204": manufacturer_specific.Report(0x0129, 1, 2)}
    assert converse(confirm(known), other) == (Confirmed.OTHER, ["7204"])


def test_a_lock_that_keeps_a_log_says_how_much_it_holds() -> None:
    info = NodeInfo(0x40, 3, FULL | {door_lock_logging.CLASS})
    answers = ANSWERS | {"4c01": door_lock_logging.RecordsSupportedReport(50)}
    assert converse(interview(PROTOCOL, info, 1), answers)[0].records == 50
    assert converse(interview(PROTOCOL, info, 1), ANSWERS)[0].records == 0
    assert "4c01" not in converse(interview(PROTOCOL, NodeInfo(0x40, 3, FULL), 1), ANSWERS)[1]
