"""What the makers' locks do differently (one toml for each maker), looked up by the numbers they report."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any

from drivers.zwave.cc.notification import ACCESS_CONTROL, Happening

REPORT_WITHIN_S = 3.0
"""How long a node may take to report after the radio delivered the question; zwave-js 15 waits 1 s, which a routed
lock that wakes from sleep misses at times."""
_MAKERS = ("schlage", "kwikset", "yale", "august")
_ALARM = re.compile(r"(?P<type>\d+)(/(?P<level>\d+))?>(?P<kind>\d+)\.(?P<event>\d+)(?P<user>\+user)?")
_CODE_ADDED, _CODE_TAKEN = 14, 15


@dataclass(frozen=True, slots=True)
class Alarm:
    """What one number of a version 1 alarm means."""

    kind: int
    event: int
    level: int | None = None
    """None: whatever the level."""
    level_is_slot: bool = False


class Role(Enum):
    """What a configuration parameter is for, as far as it matters to a door."""

    PIN_LENGTH = "pin_length"
    """Every code has exactly so many digits. A change deletes all codes."""
    SLOT_MASK = "slot_mask"
    """Read only: one bit for each slot that holds a code, slot 1 the lowest."""
    MODE = "mode"
    """Vacation, privacy, passage: in some of them no code opens."""
    AUTO_LOCK = "auto_lock"
    RELOCK_TIME = "relock_time"
    WRONG_CODES = "wrong_codes"
    LOCKOUT = "lockout"
    EXPIRY = "expiry"
    """Hours that codes in expiring mode stay enabled after their first use."""
    RESET = "reset"
    """Forgets every code, and in most locks the network too."""


@dataclass(frozen=True, slots=True)
class Setting:
    number: int
    size: int = 1
    """In bytes."""


@dataclass(frozen=True, slots=True)
class Schedules:
    """How many schedules of each kind one user really has, where a lock counts wrongly."""

    week_day: int
    year_day: int
    daily: int


@dataclass(frozen=True, slots=True)
class Device:
    """A model, or a maker's models that nobody has listed."""

    model: str
    settings: Mapping[Role, Setting] = field(default_factory=dict)
    user_types: int = 0
    """Parameters 1 to this number say what kind of user a slot is."""
    supervision: bool = True
    """False: it lists Supervision, and it does not work."""
    report_within_s: float = REPORT_WITHIN_S
    lifeline: int = 1
    """The association group that reports."""
    keypad: bool = True
    slots: int | None = None
    """How many slots there are for users, whatever it says."""
    admin_slot: int | None = None
    """A slot that holds the code of whoever programs the lock. Never read, written or cleared."""
    zeros_mean_empty: bool = False
    """It reports a slot that was cleared as set to zeros."""
    masks_empty_slots: bool = False
    """It reports asterisks for slots that hold nothing."""
    tells_by_report: bool = False
    """It says what became of a code by a report of the slot, unasked."""
    schedules: Schedules | None = None
    holds_disabled: bool = False
    """Somebody saw that a code with the status "reserved" (User Code version 1) opens nothing."""
    hours_first: bool = False
    """Somebody saw that it takes the hours of a slot before the code, and keeps them when the code comes."""
    warning: str = ""
    """What a person who relies on it must know, in a sentence."""
    alarms: Mapping[int, tuple[Alarm, ...]] = field(default_factory=dict)
    known: bool = False
    """Whether somebody listed this very model."""

    @property
    def pin_length_parameter(self) -> int | None:
        setting = self.settings.get(Role.PIN_LENGTH)
        return None if setting is None else setting.number

    @property
    def alarms_tell_codes(self) -> bool:
        """Whether its version 1 alarms say that a code was set, or refused because another slot has it."""
        told = {(alarm.kind, alarm.event) for meanings in self.alarms.values() for alarm in meanings}
        return bool(told & {(ACCESS_CONTROL, _CODE_ADDED), (ACCESS_CONTROL, _CODE_TAKEN)})

    def meaning(self, alarm_type: int, alarm_level: int) -> Happening | None:
        """A version 1 alarm as later versions would have said it; None when nobody knows."""
        for alarm in self.alarms.get(alarm_type, ()):
            if alarm.level in {None, alarm_level}:
                return Happening(alarm.kind, alarm.event, bytes((alarm_level,)) if alarm.level_is_slot else b"")
        return None


def device(manufacturer: int, product_type: int, product: int) -> Device:
    """Never fails: an unknown lock has what all of its maker's have in common, if anything, and no other peculiarities."""
    models, makers = _devices()
    known = models.get((manufacturer, product_type, product))
    if known is not None:
        return known
    numbers = f"{product_type:04x}:{product:04x}"
    maker = makers.get(manufacturer, Device(f"Z-Wave lock {manufacturer:04x}"))
    return replace(maker, model=f"{maker.model} {numbers}")


@cache
def _devices() -> tuple[Mapping[tuple[int, int, int], Device], Mapping[int, Device]]:
    models: dict[tuple[int, int, int], Device] = {}
    makers: dict[int, Device] = {}
    for name in _MAKERS:
        table = tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))
        number = table["manufacturer"]
        common = Device(table["maker"], **table.get("common", {}))
        makers[number] = common
        for entry in table["device"]:
            model = _device(common, entry, table)
            models |= {(number, product_type, product): model for product_type, product in entry["products"]}
    return models, makers


def _device(common: Device, entry: Mapping[str, Any], table: Mapping[str, Any]) -> Device:
    """One model. A word that is no field of Device is a mistake in the file and fails."""
    own = {
        key: value
        for key, value in entry.items()
        if key not in {"model", "products", "settings", "alarms", "schedules"}
    }
    settings = table["settings"][entry["settings"]] if "settings" in entry else {}
    return replace(
        common,
        model=f"{common.model} {entry['model']}",
        settings={Role(name): Setting(*setting) for name, setting in settings.items()},
        schedules=Schedules(**entry["schedules"]) if "schedules" in entry else None,
        alarms=_alarms(table["alarms"][entry["alarms"]]) if "alarms" in entry else {},
        known=True,
        **own,
    )


def _alarms(lines: Iterable[str]) -> Mapping[int, tuple[Alarm, ...]]:
    """`type>kind.event` or `type/level>kind.event` of the Notification registry, `+user` when the level is the slot.

    The first line that fits counts.
    """
    meanings: dict[int, tuple[Alarm, ...]] = {}
    for line in lines:
        found = _ALARM.fullmatch(line)
        assert found, line
        level = int(found["level"]) if found["level"] else None
        alarm = Alarm(int(found["kind"]), int(found["event"]), level, bool(found["user"]))
        meanings[int(found["type"])] = (*meanings.get(int(found["type"]), ()), alarm)
    return meanings
