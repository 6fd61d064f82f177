"""The makers' tables against the table of facts, row by row. `data/lock-facts.csv` was made from zwave-js' device files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.zwave.cc.notification import Happening
from drivers.zwave.devices import REPORT_WITHIN_S, Device, Role, Schedules, Setting, device

FACTS = Path(__file__).parent / "data" / "lock-facts.csv"
COLUMNS = {
    "pin_length_param": Role.PIN_LENGTH,
    "slot_bitmask_param": Role.SLOT_MASK,
    "vacation_or_operating_mode_param": Role.MODE,
    "auto_lock_param": Role.AUTO_LOCK,
    "auto_relock_time_param": Role.RELOCK_TIME,
    "wrong_code_limit_param": Role.WRONG_CODES,
    "wrong_code_lockout_param": Role.LOCKOUT,
    "expiring_pin_param": Role.EXPIRY,
    "factory_reset_param": Role.RESET,
}
MAKERS = {"0x003b": "Schlage", "0x0090": "Kwikset", "0x0129": "Yale", "0x033f": "August"}
SETTING = re.compile(r"#(?P<number>\d+)(\[0x\w+\])? size(?P<size>\d).*")
ALARM = re.compile(r"(?P<type>\d+)(/(?P<level>\d+))?>(?P<kind>\d+)\.(?P<event>\d+)(?P<user>\+user)?")
DEPARTED = {"144>6.6+user": "144>6.36"}
"""Opened with a tag: no keypad slot, so nobody's name."""
GROUP_2 = {"BE369", "CKPD FE599"}
Row = dict[str, str]


def rows() -> Iterator[Row]:
    with FACTS.open(newline="") as file:
        yield from csv.DictReader(file)


def devices_of(row: Row) -> Iterator[Device]:
    for numbers in row["product_type:product_id"].split():
        product_type, product = numbers.split(":")
        yield device(int(row["manufacturer_id"], 16), int(product_type, 16), int(product, 16))


def setting(text: str) -> Setting:
    found = SETTING.fullmatch(text)
    assert found, text
    return Setting(int(found["number"]), int(found["size"]))


EVERY_ROW = pytest.mark.parametrize("row", list(rows()), ids=lambda row: row["config_file"])


def test_the_table_has_the_rows_that_it_had() -> None:
    assert len(list(rows())) == 105


@EVERY_ROW
def test_every_number_of_a_model_leads_to_it(row: Row) -> None:
    for each in devices_of(row):
        assert each.known
        assert each.model == f"{MAKERS[row['manufacturer_id']]} {row['model']}"


@EVERY_ROW
def test_parameters_are_those_of_the_facts(row: Row) -> None:
    expected = {role: setting(row[column]) for column, role in COLUMNS.items() if row[column]}
    for each in devices_of(row):
        assert each.settings == expected
        assert each.user_types == int(row["user_type_params_1_30"] or 0)


@EVERY_ROW
def test_supervision_and_patience_are_those_of_the_facts(row: Row) -> None:
    patience = int(row["report_timeout_ms"]) / 1000 if row["report_timeout_ms"] else REPORT_WITHIN_S
    for each in devices_of(row):
        assert each.supervision is (row["supervision_unusable"] != "yes")
        assert each.report_within_s == patience


@EVERY_ROW
def test_counts_are_corrected_as_in_the_facts(row: Row) -> None:
    asked = json.loads(row["query_overrides"]) if row["query_overrides"] else {}
    slots = [each["result"] for each in asked.get("User Code", ())]
    schedules = [each["result"] for each in asked.get("Schedule Entry Lock", ())]
    for each in devices_of(row):
        assert [each.admin_slot] == (slots or [None])
        assert each.slots == (each.admin_slot - 1 if each.admin_slot else None)
        assert each.schedules == (
            Schedules(*(schedules[0][f"num{kind}Slots"] for kind in ("WeekDay", "YearDay", "DailyRepeating")))
            if schedules
            else None
        )


@EVERY_ROW
def test_alarms_mean_what_the_facts_say(row: Row) -> None:
    for each in devices_of(row):
        for line in row["v1_alarm_map(type/level>notif.event)"].split():
            found = ALARM.fullmatch(DEPARTED.get(line, line))
            assert found, line
            level = int(found["level"] or 77)
            parameters = bytes((level,)) if found["user"] else b""
            said = Happening(int(found["kind"]), int(found["event"]), parameters)
            assert each.meaning(int(found["type"]), level) == said
            if found["level"]:
                assert each.meaning(int(found["type"]), level + 100) is None
        assert bool(each.alarms) is bool(row["v1_alarm_map(type/level>notif.event)"])


@EVERY_ROW
def test_reports_come_to_the_lifeline_but_for_the_two_oldest_models(row: Row) -> None:
    assert {each.lifeline for each in devices_of(row)} == {2 if row["model"] in GROUP_2 else 1}
