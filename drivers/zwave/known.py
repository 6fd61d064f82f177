"""What is known of a node, as an interview learnt it, and how it is kept across restarts. Holds no codes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from drivers.zwave import aside
from drivers.zwave.cc import (
    clock,
    door_lock,
    notification,
    supervision,
    time_parameters,
    user_code,
    user_credential,
)
from drivers.zwave.devices import Device, device
from hub.contracts.radio import Reach
from hub.model.facts import Abilities

ENTRY_CONTROL = 0x40
"""GENERIC_TYPE_ENTRY_CONTROL, ZW_classcmd.h."""
_LOCKS = frozenset({0x01, 0x02, 0x03, 0x04, 0x0A})
"""SPECIFIC_TYPE_*DOOR_LOCK*, _DEADBOLT and _SECURE_LOCKBOX of Entry Control, ZW_classcmd.h."""
_SECURITY_S0, _SECURITY_S2 = 0x98, 0x9F
_IN_WORDS = {
    "S2_ACCESS_CONTROL": "S2 Access Control",
    "S2_AUTHENTICATED": "S2 Authenticated",
    "S2_UNAUTHENTICATED": "S2 Unauthenticated",
    "S0": "S0",
}
"""By the names of drivers.zwave.security.keys.SecurityClass."""
FILE = "nodes.json"
TAKEN = "+"
"""Stands in the notes for an order that arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    generic: int
    specific: int
    """Device class, as the stick remembers it from inclusion."""
    classes: frozenset[int]
    """Command classes that the node supports: without encryption, and under the key it was `granted`."""
    granted: str = ""
    """The security class under which it was found to answer; empty: none."""
    product: tuple[int, int, int] | None = None
    """Manufacturer, product type, product."""
    firmware: str = ""
    slots: int = 0
    code_version: int = 1
    code_statuses: frozenset[int] = frozenset()
    """What a slot's status may be (User Code version 2); empty: it does not say."""
    min_digits: int = 4
    max_digits: int = 10
    masked: bool = False
    """It was seen to report codes as asterisks."""
    modes: tuple[int, ...] = ()
    """Door lock modes it accepts; empty: it does not say."""
    wakes_every_s: int = 0
    """How often a node that sleeps wakes by itself; 0: it does not sleep, or does not say."""
    access_events: frozenset[int] = frozenset()
    """Access Control notifications it sends; empty: it does not say."""
    credentials: bool = False
    """It keeps its codes in User Credential, and User Code is left alone."""
    reach: Reach = Reach.LISTENS
    """As the stick remembers it."""
    tells_others: bool = False
    """What it reports goes to as many other devices as it can tell, and not to the stick."""
    schedules: tuple[int, int, int] = (0, 0, 0)
    """How many schedules of each kind it keeps for a code: by weekday, by date, daily."""
    records: int = 0
    """How many lines its own log of the door has room for; 0: it keeps none."""

    @property
    def secure(self) -> str:
        """The security that it can speak, `` for none. A lock that can is not spoken to without.

        Whether it was really given a key shows only when one is used. A lock that can encrypt and was given none is as
        open to everybody as it is to us, and what comes in its name may come from anybody.
        """
        if _SECURITY_S2 in self.classes:
            return "S2"
        return "S0" if _SECURITY_S0 in self.classes else ""

    @property
    def closed(self) -> bool:
        """Whether it is not spoken to at all: it can encrypt, and we hold no key of it."""
        return bool(self.secure and not self.granted)

    @property
    def spoken(self) -> str:
        """The security class in use, in words; where none is, what it could speak if we had its key."""
        if self.granted:
            return _IN_WORDS[self.granted]
        return f"{self.secure} without a key" if self.secure else ""

    @property
    def is_lock(self) -> bool:
        """A secure node hides its lock commands, so its device class must do."""
        lists_lock = bool({door_lock.CLASS, user_code.CLASS, user_credential.CLASS} & self.classes)
        return lists_lock or bool(self.secure and self.specific in _LOCKS)

    @property
    def device(self) -> Device:
        return device(*self.product) if self.product else Device("Z-Wave lock")

    @property
    def supervises(self) -> bool:
        return supervision.CLASS in self.classes and self.device.supervision

    @property
    def tells_code_changes(self) -> bool:
        """Whether it announces that a code was added, or refused as a duplicate."""
        device = self.device
        return bool(self.access_events & {14, 15}) or device.alarms_tell_codes or device.tells_by_report

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of it, in sentences."""
        told = [self.device.warning] if self.device.warning else []
        if self.tells_others:
            told.append(
                "It tells nothing of its own accord: others have every place in the list of whom it reports to. Remove it "
                "from the network and add it again."
            )
        return tuple(told)

    @property
    def keeps_time(self) -> bool:
        """Whether its clock can be set, without which its schedules mean nothing."""
        return bool({time_parameters.CLASS, clock.CLASS} & self.classes)

    @property
    def confines(self) -> bool:
        return self.slots > 0 and not self.credentials and self.keeps_time and any(self.schedules)

    @property
    def holds_disabled(self) -> bool:
        """Version 1 of User Code cannot say so, and what it calls "reserved" some locks take for enabled."""
        told = user_code.Status.DISABLED.value in self.code_statuses
        return self.slots > 0 and (self.credentials or told or self.device.holds_disabled)

    def schedule_room(self, kind: str) -> int:
        return dict(zip(("WeekDay", "YearDay", "Daily"), self.schedules, strict=True))[kind]

    @property
    def moves(self) -> bool:
        return door_lock.CLASS in self.classes

    @property
    def notifies(self) -> bool:
        return notification.CLASS in self.classes

    def abilities(self) -> Abilities:
        return Abilities(
            model=self.device.model,
            firmware=self.firmware,
            slots=self.slots,
            min_digits=self.min_digits,
            max_digits=self.max_digits,
            reads_codes=self.slots > 0 and not self.masked,
            secure=self.spoken,
            schedules=self.confines and self.schedule_room("YearDay") > 0 and time_parameters.CLASS in self.classes,
            holds_disabled=self.holds_disabled,
            hours_first=self.device.hours_first,
        )


@dataclass(frozen=True, slots=True)
class Notes:
    """What a node answered, so that it is not asked again. Holds no codes."""

    generic: int
    """0: it has just joined, and only what it was `granted` is known."""
    specific: int
    classes: frozenset[int]
    """As it described itself, without encryption."""
    granted: str = ""
    """The key under which it answered; empty: none, or not tried yet."""
    secured: frozenset[int] = frozenset()
    """What it listed under that key."""
    answers: dict[str, str] = field(default_factory=dict)
    """Reports by their questions, in hexadecimal; empty: it took the question and said nothing. Orders: `TAKEN`."""
    described: bool = True
    """Whether `classes` still counts."""
    complete: bool = False
    anonymous: int = 0
    """How often it left out who made it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a lock's own log is known. Holds no codes."""

    heard: datetime
    """Until then whatever it told was heard, as far as anybody knows."""
    read: datetime
    """When it was read last."""
    newest: tuple[str, ...]
    """The lines that stood there then, the newest first, as `logbook.named` calls them."""
    ring: bool = False
    """Lines keep their numbers: the latest is not always the first."""
    timed: bool = True
    """Whether its clock was found right then."""


@dataclass(frozen=True, slots=True)
class Network:
    """Everything remembered of one Z-Wave network."""

    home_id: str = ""
    nodes: dict[int, Known] = field(default_factory=dict)
    notes: dict[int, Notes] = field(default_factory=dict)
    replaced: frozenset[int] = frozenset()
    """Where another device stood before, and the house was not told yet."""
    logs: dict[int, Mark] = field(default_factory=dict)


_NETWORK = TypeAdapter(Network)


def load(folder: Path) -> Network | None:
    """What was saved; None when nothing was, or when it cannot be read, is put aside, and must be learnt again."""
    try:
        return _NETWORK.validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        aside.put(folder / FILE, error)
        return None


def save(folder: Path, network: Network) -> None:
    """Replace what was saved, whole or not at all."""
    beside = folder / f"{FILE}.new"
    with beside.open("wb") as file:
        file.write(_NETWORK.dump_json(network, indent=1))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / FILE)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
