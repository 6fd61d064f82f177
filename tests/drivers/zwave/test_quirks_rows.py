"""What each row of the facts makes the driver do or leave: every test is named after the row's device file."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.zwave.devices import device
from drivers.zwave.settings import objection
from hub.model.facts import BoltMoved
from hub.model.values import How, Pin, Position
from tests.drivers.zwave.brands import SUPERVISED, keypad_of, wearing
from tests.drivers.zwave.fakes import FakeLock, House, virtual

FACTS = Path(__file__).parent / "data" / "lock-facts.csv"
NEVER_SET = ("factory_reset_param", "pin_length_param", "slot_bitmask_param")
ALARMS = "v1_alarm_map(type/level>notif.event)"
Row = dict[str, str]


def rows(that: Callable[[Row], bool]) -> pytest.MarkDecorator:
    with FACTS.open(newline="") as file:
        found = [row for row in csv.DictReader(file) if that(row)]
    return pytest.mark.parametrize("row", found, ids=[row["config_file"] for row in found])


def numbers(row: Row) -> list[str]:
    """The maker's, as a lock with each of the products would report them."""
    maker = row["manufacturer_id"].removeprefix("0x")
    return [maker + each.replace("0x", "").replace(":", "") for each in row["product_type:product_id"].split()]


@rows(lambda row: any(row[column] for column in NEVER_SET))
def test_what_resets_a_lock_or_deletes_its_codes_is_never_set(row: Row) -> None:
    for product in numbers(row):
        model = device(*(int(product[at : at + 4], 16) for at in (0, 4, 8)))
        for column in NEVER_SET:
            if row[column]:
                parameter = int(row[column].removeprefix("#").split()[0].partition("[")[0])
                assert objection(model, parameter) is not None


@rows(lambda row: bool(row["user_type_params_1_30"]))
def test_what_kind_of_user_a_slot_is_nobody_sets_in_passing(row: Row) -> None:
    for product in numbers(row):
        model = device(*(int(product[at : at + 4], 16) for at in (0, 4, 8)))
        assert [number for number in range(1, 41) if objection(model, number)] == [*range(1, 31), 40]


@rows(lambda row: row["supervision_unusable"] == "yes")
@virtual
async def test_supervision_that_does_not_work_is_not_used(house: House, lock: FakeLock, row: Row) -> None:
    wearing(lock, numbers(row)[0], SUPERVISED)
    lock.parameters = {16: b"\x04"}
    async with house.running():
        await keypad_of(house).write(3, Pin("4711"))
    assert not [command for command in lock.received if command.startswith("6c")]


@rows(lambda row: bool(row["report_timeout_ms"]))
@virtual
async def test_a_slow_lock_is_given_its_time(house: House, lock: FakeLock, row: Row) -> None:
    wearing(lock, numbers(row)[0])
    lock.parameters, lock.codes[3] = {16: b"\x04"}, (1, b"4711")
    async with house.running():
        lock.unanswered.add("6302")
        late = int(row["report_timeout_ms"]) / 1000 - 0.2
        asyncio.get_running_loop().call_later(late, house.stick.say, 2, bytes.fromhex("63030301") + b"4711")
        assert (await keypad_of(house).read(3)).pin == Pin("4711")


@rows(lambda row: bool(row["pin_length_param"]))
@virtual
async def test_the_length_of_codes_is_read_and_not_set(house: House, lock: FakeLock, row: Row) -> None:
    wearing(lock, numbers(row)[0])
    lock.parameters = {16: b"\x06"}
    async with house.running():
        abilities = next(iter(house.driver.locks.values())).abilities
        assert (abilities.min_digits, abilities.max_digits) == (6, 6)
    assert "700510" in lock.received
    assert not [command for command in lock.received if command.startswith("7004")]


@rows(lambda row: "19>6.6+user" in row[ALARMS])
@virtual
async def test_whose_code_opened_is_understood_of_an_old_alarm(house: House, lock: FakeLock, row: Row) -> None:
    wearing(lock, numbers(row)[-1])
    lock.versions[0x71] = 1
    async with house.running():
        house.stick.say(2, bytes.fromhex("71051304"))
        await asyncio.sleep(1)
    moved = house.told(BoltMoved)[-1]
    assert (moved.position, moved.how, moved.slot) == (Position.UNLOCKED, How.KEYPAD, 4)


@rows(lambda row: "User Code" in row["query_overrides"])
@virtual
async def test_slots_are_counted_as_they_are(house: House, lock: FakeLock, row: Row) -> None:
    for product in numbers(row):
        wearing(lock, product)
        lock.slots = 251
        (house.folder / "nodes.json").unlink(missing_ok=True)
        house.renew()
        async with house.running():
            assert next(iter(house.driver.locks.values())).abilities.slots == 250
