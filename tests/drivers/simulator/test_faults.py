"""Faults of the line and of the stick, one by one and all together."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.simulator.faults import Faults
from tests.drivers.simulator.world import Host, Table, a_lock, unit

GET_VERSION = unit(0x15, b"").hex()
VERSION = unit(0x15, b"Z-Wave 7.18\x00\x01", 1).hex()
SET = "63010401" + b"2468".hex()


def suffering(**faults: float) -> Table:
    """A stick with which these faults happen whenever they can."""
    return Table(settings={"faults": faults})


def host(*locks: Any, **faults: float) -> Host:
    return Host(*(locks or (a_lock(quirks={"quiet_codes": True}),)), faults=faults)


def test_without_an_acknowledgement_the_frame_is_taken_all_the_same() -> None:
    suffering(lost_acks=1).hears(GET_VERSION).says(VERSION)


def test_a_frame_that_is_lost_comes_again() -> None:
    table = suffering(lost_frames=1)
    table.hears(GET_VERSION).says("06")
    table.stick.faults = Faults()
    table.later(1.6).says(VERSION)


def test_a_frame_is_cancelled_and_not_taken() -> None:
    suffering(cancels=1).hears(GET_VERSION).says("18").later(10).says()


def test_a_frame_is_refused_and_not_taken() -> None:
    suffering(refusals=1).hears(GET_VERSION).says("15").later(10).says()


def test_noise_makes_other_bytes_of_all() -> None:
    table = suffering(noise=1)
    table.hears(GET_VERSION)
    spoiled = table._said
    assert len(spoiled) == 1 + len(VERSION) // 2
    assert all(was != now for was, now in zip(bytes.fromhex("06" + VERSION), spoiled, strict=True))


def test_segments_are_mixed_by_chance() -> None:
    table = Table(settings={"segments": "mixed"})
    table.stick.receive(bytes.fromhex(GET_VERSION), 0.0)
    assert b"".join(table.stick.to_send()).hex() == "06" + VERSION


def test_an_answer_may_come_before_the_callback() -> None:
    early = host(early_answers=1)
    early.send("8002")
    early.later(1)
    assert early.order == ["command", "callback"]


def test_a_callback_may_never_come() -> None:
    lossy = host(lost_callbacks=1)
    assert lossy.ask("8002") == ["80035a"]
    assert lossy.callbacks == []


def test_a_lock_may_ask_for_nonces_without_end() -> None:
    flooded = host(floods=1)
    assert flooded.ask("8002") == ["9840"] * 20 + ["80035a"]


def test_jammed_air_fails_everything_for_a_while() -> None:
    jammed = Host(a_lock(), faults={"jams": 1, "jam_s": 5}, functions="full")
    jammed.send("8002")
    jammed.later(1)
    assert jammed.callbacks[-1][1] == 2
    assert jammed.learns(0x3B, within=0) == ["d8d8d8"]
    jammed.table.stick.faults = Faults()
    jammed.lock.drain(15)
    jammed.later(3)
    assert jammed.heard == []
    jammed.later(2)
    assert jammed.learns(0x3B, within=0) == ["a2a2a2"]
    assert jammed.ask("8002") == ["80030f"]


def test_a_stick_is_pulled_out_in_the_middle_of_a_set() -> None:
    pulled = host(unplugs=1, away_s=3)
    pulled.send(SET)
    pulled.later(1)
    assert pulled.lock.memory.codes[4].digits == "2468"
    assert pulled.callbacks == []
    away = [pulled.table.stick.away]
    pulled.table.hears(GET_VERSION).says()
    pulled.later(3)
    assert [*away, pulled.table.stick.away] == [True, False]
    pulled.table.stick.faults = Faults()
    assert pulled.ask("8002") == ["80035a"]


def test_a_stick_starts_anew_by_itself() -> None:
    table = suffering(restarts=1)
    table.hears(unit(0x60, b"\x02").hex()).says("06", unit(0x0A, bytes.fromhex("03000102010000")).hex())


def test_a_frame_that_was_obeyed_may_be_obeyed_again() -> None:
    """The Serial API numbers no frames: the host repeats what was not acknowledged, and the lock gets it twice."""
    twice = host(lost_acks=1)
    for _ in range(2):
        twice.send(SET)
    twice.later(1)
    assert [change.what for change in twice.table.changes()] == ["code", "code"]


@pytest.mark.parametrize("seed", range(4))
def test_with_all_faults_on_the_stick_goes_on_and_is_well_when_they_are_off(seed: int) -> None:
    likely = {name: 0.1 for name in Faults.model_fields if name not in ("jam_s", "away_s")}
    table = Table(
        (a_lock(), a_lock("schlage", "3")), {"segments": "mixed", "faults": {**likely, "jam_s": 1, "away_s": 1}}
    )
    numbers = iter(range(seed, 10_000_000, 7))
    table.dice.falls = [(next(numbers) * 0.618) % 1 for _ in range(20_000)]
    for slot in range(1, 60):
        command = bytes([0x63, 0x01, slot % 30 + 1, 0x01, *b"1234"])
        table.hears("06", unit(0x13, bytes([2 + slot % 2, len(command), *command, 0x25, slot])).hex()).later(1.5)
    table.stick.faults, table.dice.falls = Faults(), []
    for _ in range(300):
        table.later(1).hears("06")
    table._said = b""
    table.hears(GET_VERSION)
    assert table._said.endswith(bytes.fromhex(VERSION))


def test_faults_that_are_off_cost_no_throw_of_the_dice() -> None:
    table = Table()
    table.dice.falls = [0.5] * 10
    table.hears(GET_VERSION).says("06", VERSION)
    assert len(table.dice.falls) == 10
