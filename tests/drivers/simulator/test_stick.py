"""Transcripts of the line between a host and the stick. Sources as in drivers/simulator/stick.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drivers.simulator.world import Host, Table, a_lock, unit

ACK, NAK, CAN = "06", "15", "18"
GET_VERSION = "01030015e9"
VERSION = unit(0x15, b"Z-Wave 7.18\x00\x01", 1).hex()
BATTERY_GET = unit(0x13, bytes.fromhex("020280022507")).hex()
ACCEPTED = "0104011301e8"


def done(callback: int, status: int = 0, ticks: int = 0, *, heard: bool = True) -> str:
    """The callback of a transmission with its report."""
    signal = "c4" if status == 0 and heard else "7f"
    report = ticks.to_bytes(2, "big") + bytes.fromhex(f"00{signal}7f7f7f7f000003000000000301 0000")
    return unit(0x13, bytes([callback, status]) + report).hex()


def from_lock(command: str, node: int = 2) -> str:
    data = bytes.fromhex(command)
    return unit(0x04, bytes([0, node, len(data)]) + data + b"\xc4").hex()


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_question_is_acknowledged_and_answered(table: Table) -> None:
    table.hears(GET_VERSION).says(ACK, VERSION)


def test_a_command_goes_ack_response_callback_report(table: Table) -> None:
    table.hears(BATTERY_GET).says(ACK, ACCEPTED)
    table.hears(ACK).says(done(7))
    table.hears(ACK).says(from_lock("80035a"))
    table.hears(ACK).says()


def test_bytes_may_come_one_by_one(table: Table) -> None:
    for byte in bytes.fromhex(GET_VERSION)[:-1]:
        table.hears(f"{byte:02x}").says()
    table.hears("e9").says(ACK, VERSION)


def test_an_acknowledgement_and_the_next_question_may_come_together(table: Table) -> None:
    table.hears(GET_VERSION).says(ACK, VERSION)
    table.hears(ACK, "01030020dc").says(ACK, unit(0x20, bytes.fromhex("c0de100101"), 1).hex())


def test_a_frame_with_a_wrong_checksum_is_refused(table: Table) -> None:
    table.hears("01030015e8").says(NAK)
    table.hears(GET_VERSION).says(ACK, VERSION)


def test_garbage_is_passed_over(table: Table) -> None:
    table.hears("ff0042", GET_VERSION).says(ACK, VERSION)


def test_a_host_that_says_nothing_gets_the_frame_four_times_in_all(table: Table) -> None:
    table.hears(GET_VERSION).says(ACK, VERSION)
    table.later(1.59).says()
    table.later(0.01).says(VERSION)
    table.later(1.6).says(VERSION)
    table.later(1.6).says(VERSION)
    table.later(10).says()
    table.hears(GET_VERSION).says(ACK, VERSION)


@pytest.mark.parametrize("sign", [NAK, CAN])
def test_a_refused_frame_comes_again_after_a_tenth_of_a_second_and_then_a_second_later_each_time(
    table: Table, sign: str
) -> None:
    table.hears(GET_VERSION).says(ACK, VERSION)
    table.hears(sign).says()
    table.later(0.1).says(VERSION)
    table.hears(sign).later(1.0).says()
    table.later(0.1).says(VERSION)
    table.hears(ACK).later(10).says()


def test_a_frame_that_crosses_one_of_ours_is_cancelled(table: Table) -> None:
    table.hears(GET_VERSION).says(ACK, VERSION)
    table.hears(GET_VERSION).says(CAN)
    table.hears(ACK, GET_VERSION).says(ACK, VERSION)


def test_without_collisions_a_crossing_frame_waits_for_its_turn() -> None:
    table = Table(settings={"collisions": False})
    table.hears(GET_VERSION).says(ACK, VERSION)
    table.hears(GET_VERSION).says(ACK)
    table.hears(ACK).says(VERSION)


def test_a_response_from_the_host_is_acknowledged_and_ignored(table: Table) -> None:
    table.hears(unit(0x15, b"", 1).hex()).says(ACK)


def test_a_function_that_the_stick_lacks_is_acknowledged_and_never_answered(table: Table) -> None:
    table.hears(unit(0x3B, b"").hex()).says(ACK)
    table.later(10).says()


def test_a_soft_reset_ends_everything_and_says_that_the_stick_has_started(table: Table) -> None:
    table.hears(BATTERY_GET).says(ACK, ACCEPTED)
    table.hears(ACK, unit(0x08, b"").hex()).says(ACK, unit(0x0A, bytes.fromhex("07000102010000")).hex())
    table.hears(ACK).later(10).says()


def test_a_soft_reset_forgets_what_was_on_the_radio() -> None:
    host = Host(delay=1.0)
    host.send("8002")
    host.send("8002")
    host.call(0x08)
    host.later(20)
    assert (host.callbacks, host.heard) == ([], [])
    assert host.ask("8002") == ["80035a"]


def test_each_hop_takes_its_time() -> None:
    table = Table(settings={"delay": 0.03})
    table.hears(BATTERY_GET).says(ACK, ACCEPTED)
    table.hears(ACK).later(0.059).says()
    table.later(0.002).says(done(7, ticks=6))
    table.hears(ACK).later(0.028).says()
    table.later(0.002).says(from_lock("80035a"))


def test_a_callback_of_zero_asks_for_none(table: Table) -> None:
    table.hears(unit(0x13, bytes.fromhex("020280022500")).hex()).says(ACK, ACCEPTED)
    table.hears(ACK).says(from_lock("80035a"))


@pytest.mark.parametrize("body", ["", "02", "0205800225", "02008007", "0202800225"])
def test_a_send_data_that_does_not_add_up_is_refused(table: Table, body: str) -> None:
    table.hears(unit(0x13, bytes.fromhex(body)).hex()).says(ACK, unit(0x13, b"\x00", 1).hex())


def test_nobody_acknowledges_for_a_node_that_does_not_exist() -> None:
    table = Table(settings={"give_up": 0.3})
    table.hears(unit(0x13, bytes.fromhex("090280022507")).hex()).says(ACK, ACCEPTED)
    table.hears(ACK).later(0.29).says()
    table.later(0.02).says(done(7, 1, ticks=30))


def test_a_broadcast_is_over_when_it_is_sent(table: Table) -> None:
    table.hears(unit(0x13, bytes.fromhex("ff0280022507")).hex()).says(ACK, ACCEPTED)
    table.hears(ACK).says(done(7, heard=False))
    table.hears(ACK).says()


def test_commands_leave_one_after_the_other() -> None:
    host = Host(a_lock(), delay=1.0)
    first, second = host.send("8002"), host.send("8002")
    host.later(2.0)
    assert host.callbacks == [(first, 0)]
    host.later(2.0)
    assert host.callbacks == [(first, 0), (second, 0)]


def test_a_stick_with_too_much_to_do_says_so() -> None:
    host = Host(a_lock(), delay=1.0)
    for _ in range(20):
        host.send("8002")
    assert host.results == [1] * 17 + [0] * 3


def test_an_aborted_transmission_ends_unacknowledged_and_the_next_one_starts() -> None:
    host = Host(a_lock(quirks={"silent": True}), a_lock(address="3"), delay=1.0, give_up=10.0)
    first, second = host.send("8002"), host.send("8002", node=3)
    host.call(0x16)
    host.later(0)
    assert host.callbacks == [(first, 1)]
    host.later(3)
    assert host.callbacks == [(first, 1), (second, 0)]
    assert host.heard == [(3, "80035a")]
    host.later(20)
    assert len(host.callbacks) == 2


def test_an_abort_with_nothing_under_way_does_nothing(table: Table) -> None:
    table.hears("01030016ea").says(ACK)


def test_node_information_lists_the_classes_of_the_lock(table: Table) -> None:
    table.hears(unit(0x60, b"\x02").hex()).says(ACK, unit(0x60, b"\x01", 1).hex())
    table.hears(ACK).says(unit(0x49, bytes.fromhex("84020b0440035e867280626371 70")).hex())


def test_node_information_of_a_silent_lock_fails() -> None:
    table = Table((a_lock(quirks={"silent": True}),), {"give_up": 0.3})
    table.hears(unit(0x60, b"\x02").hex()).says(ACK, unit(0x60, b"\x01", 1).hex())
    table.hears(ACK).later(0.3).says(unit(0x49, bytes.fromhex("810000")).hex())


def test_what_happens_while_nobody_is_plugged_in_is_not_told_later(table: Table) -> None:
    table.stick.unplug()
    table.lock().drain(15)
    table.later(1).says()
    table.stick.plug()
    table.later(1).says()
    table.hears(GET_VERSION).says(ACK, VERSION)


def test_segments_join_what_is_ready_or_cut_it_up() -> None:
    joined, split = Table(settings={"segments": "joined"}), Table(settings={"segments": "split"})
    wire = bytes.fromhex(ACK + VERSION)
    for stick in (joined.stick, split.stick):
        stick.receive(bytes.fromhex(GET_VERSION), 0)
    assert joined.stick.to_send() == [wire]
    pieces = split.stick.to_send()
    assert b"".join(pieces) == wire
    assert len(pieces) > 4


@given(st.lists(st.binary(max_size=60) | st.builds(unit, st.integers(0, 255), st.binary(max_size=60)), max_size=12))
@settings(max_examples=200)
def test_no_bytes_bring_the_stick_down(chunks: list[bytes]) -> None:
    table = Table((a_lock(), a_lock("yale-zw3", "3"), a_lock("august", "4")))
    for chunk in chunks:
        table.hears(chunk.hex()).later(0.2)
    table.later(30)
    table.hears("15", GET_VERSION)
    assert bytes.fromhex(VERSION) in table._said


commands = st.lists(st.sampled_from([0x5E, 0x62, 0x63, 0x6C, 0x70, 0x71, 0x72, 0x80, 0x86]), min_size=1, max_size=1)


@given(st.lists(st.tuples(st.sampled_from([2, 3, 4]), commands, st.binary(max_size=40)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_command_brings_a_lock_down(sent: list[tuple[int, list[int], bytes]]) -> None:
    host = Host(a_lock("schlage"), a_lock("yale-zw3", "3"), a_lock("august", "4"), delay=0.01)
    for node, command_class, rest in sent:
        host.send((bytes(command_class) + rest).hex(), node)
        host.later(1)
    assert len(host.callbacks) == len(sent)
    assert host.ask("7204")[-1].startswith("7205")
