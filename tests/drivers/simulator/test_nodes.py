"""What a node hides, believes and answers, with our own host's sessions at the other end of the table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulator.memory import Bolt
from drivers.simulator.quirks import Quirks
from drivers.zwave.security.keys import SecurityClass
from tests.drivers.simulator.security.table import ACCESS, AUTH, S0, UNAUTH, Table, a_table

EVERY = ("S2_AccessControl", "S2_Authenticated", "S2_Unauthenticated", "S0_Legacy")
BATTERY = [("80035a", ACCESS)]


def s2(**settings: Any) -> Table:
    return a_table(settings.pop("model", "yale-zw3"), security="s2", **settings)


def s0(**settings: Any) -> Table:
    return a_table(settings.pop("model", "yale-zw3"), security="s0", **settings)


def frames(table: Table, way: str, start: str) -> int:
    return sum(direction == way and frame.startswith(start) for direction, frame in table.air)


# ---- what it shows ----


def test_a_node_that_holds_keys_hides_what_it_does_under_them() -> None:
    assert s2().node.classes().hex() == "5e6c9f"
    assert s2(requests=EVERY).node.classes().hex() == "5e6c9f98"
    assert s0(model="yale").node.classes().hex() == "5e98"


def test_a_node_without_keys_hides_nothing() -> None:
    assert a_table("yale").node.classes().hex() == "5e867280626371" + "70"
    assert 0x62 in s2(granted=()).node.classes()
    assert 0x9F in s2(granted=()).node.classes()


def test_only_the_highest_class_lists_commands() -> None:
    table = s2(requests=EVERY)
    assert table.ask("9f0d", ACCESS) == [("9f0e8672806263" + "7170", ACCESS)]
    assert table.ask("9f0d", AUTH) == [("9f0e", AUTH)]
    assert table.ask("9f0d", UNAUTH) == [("9f0e", UNAUTH)]
    assert table.ask("9802", S0) == [("980300", S0)]


def test_a_class_that_was_not_granted_is_answered_with_a_nonce_only() -> None:
    table = s2(granted=("S2_AccessControl",))
    assert table.ask("9f0d", AUTH) == []
    assert table.air[-1][1].startswith("9f02")
    assert table.ask("9f0d", ACCESS)


def test_s0_lists_its_commands_if_there_is_nothing_higher() -> None:
    assert s0().ask("9802", S0) == [("980300867280626371" + "70", S0)]


def test_it_tells_the_versions_of_its_encapsulations() -> None:
    assert s2().ask("86139f", ACCESS) == [("86149f01", ACCESS)]
    assert s0().ask("861398", S0) == [("86149801", S0)]
    assert s2().ask("861398", ACCESS) == [("86149800", ACCESS)]


# ---- what it believes ----


@pytest.mark.parametrize("make", [s2, s0])
def test_what_is_said_in_the_clear_is_not_obeyed(make: Any) -> None:
    table = make()
    assert table.ask("6201ff") == table.ask("8002") == table.ask("63010101" + "31" * 4) == []
    assert table.ask("5e01") == [("5e020207000300" + "0300", None)]


def test_what_is_said_under_a_lower_class_is_not_obeyed() -> None:
    table = s2(requests=EVERY)
    assert [table.ask("8002", each) for each in (AUTH, UNAUTH, S0)] == [[], [], []]
    assert table.ask("8002", ACCESS) == BATTERY


def test_a_supervised_command_in_the_clear_is_not_supported() -> None:
    assert s2().ask("6c0105036201ff") == [("6c02050000", None)]


def test_an_answer_comes_under_the_class_of_the_question() -> None:
    table = s2(granted=("S2_Unauthenticated",), requests=("S2_Unauthenticated",))
    assert table.ask("8002", UNAUTH) == [("80035a", UNAUTH)]


# ---- talking ----


def test_one_question_needs_one_frame_each_way_once_there_is_a_stream() -> None:
    table = s2()
    table.ask("8002", ACCESS)
    before = len(table.air)
    assert table.ask("8002", ACCESS) == BATTERY
    assert len(table.air) - before == 2


def test_each_s0_message_needs_a_nonce_in_each_direction() -> None:
    table = s0()
    table.ask("8002", S0)
    before = len(table.air)
    assert table.ask("8002", S0) == [("80035a", S0)]
    assert len(table.air) - before == 6


def test_supervision_is_answered_inside_the_encapsulation() -> None:
    table = s2()
    done = table.ask("6c0101086301040131323334", ACCESS)
    assert done[0] == ("6c0201ff00", ACCESS)
    assert done[1][0].startswith("7105000000ff060e")  # and the event, sealed
    assert done[1][1] is ACCESS
    assert table.node.lock.memory.codes[4].digits == "1234"
    assert table.ask("6c0102086301040131", ACCESS) == []  # cut short: no command, no answer
    refused = table.ask("6c0103" + "08" + "63010501" + "31323334", ACCESS)
    assert refused[0] == ("6c02030200", ACCESS)  # a duplicate


def test_a_supervised_motion_is_reported_twice_under_the_same_class() -> None:
    table = s2(travel=2)
    assert table.ask("6c0184036201" + "00", ACCESS)[0] == ("6c02840102", ACCESS)
    table.later(2)
    told = table.events()
    assert told[0] == ("6c0204ff00", ACCESS)
    assert table.node.lock.memory.bolt is Bolt.UNLOCKED


def test_the_same_session_is_obeyed_again_under_a_key() -> None:
    table = s2()
    assert [table.ask("6c01070462010000", ACCESS)[0][0] for _ in range(2)] == ["6c0207ff00"] * 2


@pytest.mark.parametrize(("quirk", "answer"), [("mute", None), ("session_0", "6c0200ff00"), ("none", None)])
def test_supervision_goes_wrong_under_a_key_as_it_does_without(quirk: str, answer: str | None) -> None:
    table = s2(quirks={"supervision": quirk, "quiet_bolt": True, "quiet_codes": True})
    told = [said for said, _ in table.ask("6c01070462010000", ACCESS)]
    assert [each for each in told if each.startswith("6c")] == ([answer] if answer else [])


@pytest.mark.parametrize(("make", "under"), [(s2, ACCESS), (s0, S0)])
def test_what_is_told_without_being_asked_is_sealed_with_the_highest_class(make: Any, under: SecurityClass) -> None:
    table = make(travel=0)
    table.node.lock.turn(Bolt.UNLOCKED, table.now)
    assert table.events() == [("7105000000ff060200", under), ("6203000002fefe0000", under)]


def test_events_go_under_the_highest_class_even_if_the_last_question_came_under_a_lower_one() -> None:
    table = s2(requests=EVERY)
    table.ask("9f0d", AUTH)
    table.node.lock.drain(50)
    assert table.events() == [("800332", ACCESS)]


def test_a_long_report_comes_in_two_s0_frames() -> None:
    table = s0()
    for slot in range(1, 6):
        table.node.lock.program(slot, f"12345{slot}")
    table.events()
    told = table.ask("630c000101", S0)
    assert len(told) == 1
    assert len(bytes.fromhex(told[0][0])) > 26
    assert frames(table, "<", "98c1") == 1


def test_a_report_under_s2_fits_into_one_frame() -> None:
    table = s2()
    for slot in range(1, 9):
        table.node.lock.program(slot, f"1234567{slot}")
    table.events()
    table.ask("8002", ACCESS)
    table.ask("630c000101", ACCESS)
    way, frame = table.air[-1]
    assert way == "<"
    assert 40 <= len(frame) // 2 <= 48


# ---- losing touch ----


def test_a_message_that_waits_for_a_nonce_in_vain_is_discarded() -> None:
    for table in (s2(), s0()):
        table.lose = lambda way, frame: way == "<"
        table.node.lock.drain(50)
        table.gather()
        table.later(9.9)
        table.node.lock.drain(40)
        table.gather()
        assert frames(table, "<", "9f01") + frames(table, "<", "9840") == 1
        table.lose = lambda way, frame: False
        table.later(0.2)
        told = table.events()
        assert [said for said, _ in told] == ["800328"]


def test_a_host_that_lost_the_stream_is_told_again() -> None:
    table = s2()
    table.ask("8002", ACCESS)
    table.s2.forget()
    table.node.lock.drain(50)
    assert table.events() == [("800332", ACCESS)]
    assert table.events() == []


def test_a_host_that_never_understands_is_not_told_for_ever() -> None:
    table = s2(quirks={"wrong_key": True})
    table.node.lock.drain(50)
    assert table.events() == []
    assert frames(table, "<", "9f03") == 2


def test_a_lock_that_forgets_its_stream_asks_the_host_to_begin_anew() -> None:
    table = s2(quirks={"forgets_stream": 3})
    said = [table.ask("8002", ACCESS) for _ in range(3)]
    assert said == [BATTERY, [], BATTERY] or said[0] == BATTERY
    assert frames(table, "<", "9f02") >= 2


@given(st.lists(st.booleans(), max_size=30), st.sampled_from([("s2", ACCESS), ("s0", S0)]))
def test_whatever_gets_lost_nothing_else_is_heard_and_both_find_together_again(
    lost: list[bool], kind: tuple[str, SecurityClass]
) -> None:
    security, under = kind
    table = a_table("yale-zw3", security=security)
    fates = iter(lost)
    table.lose = lambda way, frame: next(fates, False)
    said = [each for _ in range(6) for each in table.ask("8002", under)]
    assert set(said) <= {("80035a", under)}
    table.lose = lambda way, frame: False
    table.later(11)  # what waits for a nonce is given up
    table.ask("8002", under)
    assert ("80035a", under) in table.ask("8002", under) + table.ask("8002", under)


# ---- bad habits ----


@pytest.mark.parametrize(("make", "under"), [(s2, ACCESS), (s0, S0)])
def test_a_lock_with_the_wrong_key_understands_nothing(make: Any, under: SecurityClass) -> None:
    table = make(quirks={"wrong_key": True})
    assert table.ask("8002", under) == []
    table.node.lock.quirks = Quirks()
    table.ask("8002", under)  # the nonce that the host holds is of the time before
    assert table.ask("8002", under) == [("80035a", under)]


def test_a_lock_may_tell_in_the_clear_what_it_should_seal() -> None:
    table = s2(quirks={"unencrypted": True})
    table.node.lock.drain(50)
    assert table.events() == [("800332", None)]
    assert table.ask("8002", ACCESS) == [("800332", ACCESS)]


def test_a_lock_may_flood_its_host_with_nonce_gets() -> None:
    table = s0(quirks={"nonce_flood": 4})
    table.node.lock.drain(50)
    assert table.events() == [("800332", S0)]
    assert frames(table, "<", "9840") == 5


def test_a_lock_may_give_the_same_nonce_twice() -> None:
    table = s0(quirks={"repeats_nonces": True})
    table.ask("8002", S0)
    table.ask("8002", S0)
    given = {frame for way, frame in table.air if way == "<" and frame.startswith("9880")}
    assert len(given) == 1


def test_a_reset_leaves_the_keys_alone() -> None:
    table = s2()
    table.node.lock.reset()
    assert table.ask("8002", ACCESS) == BATTERY
