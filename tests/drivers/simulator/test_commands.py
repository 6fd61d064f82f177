"""Command Classes other than User Code (ZWA AWG 2024A)."""

from __future__ import annotations

import pytest

from drivers.simulator.locks import SimLock
from drivers.simulator.memory import Bolt
from drivers.simulator.models import MODELS
from tests.drivers.simulator.world import Host, a_lock

OPEN = "620100"


def supervised(command: str, session: int = 1, updates: bool = False) -> str:
    return f"6c01{session | 0x80 * updates:02x}{len(command) // 2:02x}{command}"


def reports(heard: list[str]) -> list[str]:
    return [command for command in heard if command.startswith("6c02")]


@pytest.mark.parametrize(
    ("model", "ids"),
    [
        ("schlage", "003b00010469"),
        ("kwikset", "009000030440"),
        ("yale", "012980020600"),
        ("yale-zw3", "0129800246d5"),
        ("august", "033f00010001"),
    ],
)
def test_every_brand_says_who_made_it(model: str, ids: str) -> None:
    assert Host(a_lock(model)).ask("7204") == ["7205" + ids]


def test_versions() -> None:
    host = Host(a_lock("schlage"))
    assert host.ask("8611") == ["861203060200 0b0100".replace(" ", "")]
    asked = {"86": 2, "62": 4, "63": 1, "71": 8, "80": 1, "72": 1, "5e": 2, "70": 1, "6c": 0, "20": 0}
    for command_class, version in asked.items():
        assert host.ask(f"8613{command_class}") == [f"8614{command_class}{version:02x}"]
    assert Host(a_lock("yale-zw3")).ask("861363") == ["86146302"]


def test_plus_info() -> None:
    assert Host().ask("5e01") == ["5e0202070003000300"]


def test_door_lock_capabilities() -> None:
    assert Host().ask("6207") == ["6208010202 00ff 00 02 08".replace(" ", "")]


def test_notification_types_and_events() -> None:
    host = Host()
    assert host.ask("7107") == ["7108024001"]
    assert host.ask("710106") == ["71020603 7efe08".replace(" ", "")]
    assert host.ask("710108") == ["71020802020c"]
    assert host.ask("710101") == ["71020100"]


def test_the_state_of_a_notification_type() -> None:
    host = Host()
    assert host.ask("7104000600") == ["7105000000ff060000"]
    assert host.ask("710400ff00") == ["7105000000ff060000"]
    assert host.ask("71040006fd") == ["7105000000ff06fe00"]
    assert host.ask("7104000100") == []


def test_a_muted_notification_type_is_not_told() -> None:
    host = Host(a_lock(quirks={"quiet_bolt": True}))
    host.ask("71060600")
    host.lock.turn(Bolt.UNLOCKED, 0)
    assert host.told() == []
    assert host.ask("7104000600") == ["710500000000060000"]
    host.ask("710606ff")
    host.lock.turn(Bolt.LOCKED, 0)
    assert host.told() == ["7105000000ff060100"]


def test_parameters_are_told_set_and_put_back() -> None:
    host = Host(a_lock("schlage"))
    assert host.ask("700508") == ["7006080103"]
    host.ask("7004080105")
    assert host.ask("700508") == ["7006080105"]
    host.ask("7004088100")
    assert host.ask("700508") == ["7006080103"]


@pytest.mark.parametrize("command", ["7004080106", "700408020005", "70040801", "700406040000000f", "70046301 01"])
def test_a_parameter_that_cannot_be_so_is_left_as_it_is(command: str) -> None:
    host = Host(a_lock("schlage"))
    host.ask(command.replace(" ", ""))
    assert host.table.changes() == []


def test_a_parameter_that_the_lock_lacks_is_not_answered() -> None:
    assert Host(a_lock("schlage")).ask("700563") == []


@pytest.mark.parametrize(("model", "command"), [("kwikset", "7004280101"), ("yale", "70040f0101")])
def test_the_reset_parameter_forgets_everything(model: str, command: str) -> None:
    host = Host(a_lock(model))
    host.ask("63010301" + b"1234".hex())
    host.ask(command)
    assert host.lock.memory.codes == {}


def test_a_class_that_the_lock_lacks_is_not_answered() -> None:
    host = Host(a_lock("august"))
    for command in ("630201", "7005", "2002", "6c01010280 02".replace(" ", "")):
        assert host.ask(command) == []


# ---- Supervision ----


def v2(**settings: object) -> Host:
    return Host(a_lock("yale-zw3", **settings))  # type: ignore[arg-type]  # settings of any kind go through


def test_a_supervised_success_is_reported_before_anything_else_is_told() -> None:
    host = v2()
    heard = host.ask(supervised(OPEN, session=5))
    assert heard[0] == "6c0205ff00"
    assert len(heard) == 3
    assert host.lock.memory.bolt is Bolt.UNLOCKED


@pytest.mark.parametrize(
    ("command", "status"),
    [("63010100" + "00000000", "ff"), ("6301010131", "02"), ("620101", "02"), ("6399", "00"), ("2001ff", "00")],
)
def test_a_supervised_command_is_reported_as_it_went(command: str, status: str) -> None:
    assert reports(v2().ask(supervised(command))) == [f"6c0201{status}00"]


def test_a_supervised_duplicate_fails() -> None:
    host = v2()
    host.ask(supervised("63010101" + b"1234".hex(), 1))
    assert reports(host.ask(supervised("63010201" + b"1234".hex(), 2))) == ["6c02020200"]


def test_a_slow_bolt_is_working_and_then_done() -> None:
    host = v2(travel=3.0)
    assert reports(host.ask(supervised(OPEN, updates=True))) == ["6c02810103", "6c0201ff00"]


def test_a_slow_bolt_without_updates_is_working_and_no_more_is_said() -> None:
    assert reports(v2(travel=3.0).ask(supervised(OPEN))) == ["6c02010103"]


def test_a_slow_bolt_that_jams_fails_in_the_end() -> None:
    host = v2(travel=3.0)
    host.lock.jam(jammed=True)
    assert reports(host.ask(supervised(OPEN, updates=True))) == ["6c02810103", "6c02010200"]


def test_the_same_session_again_is_neither_obeyed_nor_answered() -> None:
    host = v2()
    host.ask(supervised(OPEN, 7))
    host.lock.turn(Bolt.LOCKED, 0)
    host.told()
    assert host.ask(supervised(OPEN, 7)) == []
    assert host.lock.memory.bolt is Bolt.LOCKED


@pytest.mark.parametrize("command", ["6c010100", "6c0101026202"[:-2], "6c0101"])
def test_a_supervised_command_that_is_not_whole_is_ignored(command: str) -> None:
    assert v2().ask(command) == []


@pytest.mark.parametrize(("how", "told"), [("mute", []), ("session_0", ["6c0200ff00"]), ("works", ["6c0209ff00"])])
def test_supervision_may_be_broken(how: str, told: list[str]) -> None:
    host = Host(a_lock("schlage", quirks={"supervision": how}))
    assert host.ask("86136c") == ["86146c01"]
    assert reports(host.ask(supervised(OPEN, 9))) == told
    assert host.lock.memory.bolt is Bolt.UNLOCKED


@pytest.mark.parametrize("model", MODELS)
def test_no_lock_says_digits_in_its_representation(model: str) -> None:
    host = Host(a_lock(model))
    lock: SimLock = host.lock
    if lock.settings.slot_count:
        lock.program(1, "8642")
        assert lock.memory.codes[1].digits == "8642"
    assert "8642" not in repr(lock.memory) + repr(host.table.building.journal) + str(host.table.building.journal)
