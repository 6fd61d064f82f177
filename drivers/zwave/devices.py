"""What the makers' locks do differently (devices.toml), looked up by the numbers they report."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from drivers.zwave.cc.notification import Happening

REPORT_WITHIN_S = 3.0
"""How long a node may take to report after the radio delivered the question; zwave-js 15 waits 1 s, which a routed
lock that wakes from sleep misses at times."""
_ALARM = re.compile(r"(?P<type>\d+)(/(?P<level>\d+))?>(?P<kind>\d+)\.(?P<event>\d+)(?P<user>\+user)?")
_MAKERS = {0x003B: "Schlage", 0x0090: "Kwikset", 0x0129: "Yale", 0x033F: "August"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What one number of a version 1 alarm means."""

    kind: int
    event: int
    level: int | None = None
    """None: whatever the level."""
    level_is_slot: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    model: str
    supervision: bool = True
    report_within_s: float = REPORT_WITHIN_S
    pin_length_parameter: int | None = None
    lifeline: int = 1
    alarms: Mapping[int, Alarm] = field(default_factory=dict)

    def meaning(self, alarm_type: int, alarm_level: int) -> Happening | None:
        """A version 1 alarm as later versions would have said it; None when nobody knows."""
        alarm = self.alarms.get(alarm_type)
        if alarm is None or alarm.level not in {None, alarm_level}:
            return None
        return Happening(alarm.kind, alarm.event, bytes((alarm_level,)) if alarm.level_is_slot else b"")


def device(manufacturer: int, product_type: int, product: int) -> Device:
    """Never fails: an unknown lock is one without peculiarities."""
    known = _devices().get((manufacturer, product_type, product))
    maker = _MAKERS.get(manufacturer, f"Z-Wave lock {manufacturer:04x}")
    return known or Device(f"{maker} {product_type:04x}:{product:04x}")


@cache
def _devices() -> Mapping[tuple[int, int, int], Device]:
    table = tomllib.loads(resources.files("drivers.zwave").joinpath("devices.toml").read_text("utf-8"))
    alarms = {name: dict(map(_alarm, lines)) for name, lines in table["alarms"].items()}
    return {
        (entry["manufacturer"], product_type, product): _device(entry, alarms)
        for entry in table["device"]
        for product_type, product in entry["products"]
    }


def _device(entry: Mapping[str, Any], alarms: Mapping[str, Mapping[int, Alarm]]) -> Device:
    return Device(
        entry["model"],
        supervision=entry.get("supervision", True),
        report_within_s=entry.get("report_within_s", REPORT_WITHIN_S),
        pin_length_parameter=entry.get("pin_length_parameter"),
        lifeline=entry.get("lifeline", 1),
        alarms=alarms.get(entry.get("alarms", ""), {}),
    )


def _alarm(line: str) -> tuple[int, Alarm]:
    found = _ALARM.fullmatch(line)
    assert found, line
    level = int(found["level"]) if found["level"] else None
    return int(found["type"]), Alarm(int(found["kind"]), int(found["event"]), level, bool(found["user"]))
