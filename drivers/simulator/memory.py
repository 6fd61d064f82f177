"""What a simulated lock remembers, and every way in which that may change.

A lock's memory is the sum of what happened to it: the same list, read again, gives the same lock. Digits stand in these
entries and in the simulator's own file only, and never in a repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

LINES_MOST: Final = 255
ENABLED: Final = 1
"""User ID Status of a code that opens (ZWA AWG 2024A Table 2.532)."""


class Bolt(StrEnum):
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    UNKNOWN = "unknown"
    """Neither in nor out."""


class By(StrEnum):
    RADIO = "radio"
    KEYPAD = "keypad"
    HAND = "hand"
    """At the lock itself: thumb-turn, programming button."""
    AUTO = "auto"


Filled = Literal["empty", "occupied"]


@dataclass(frozen=True, slots=True)
class Code:
    status: int
    digits: str = field(repr=False)


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Installed(_Change):
    """New hardware at this address: whatever was remembered belongs to another lock."""

    what: Literal["installed"] = "installed"
    model: str
    battery: int
    auto_lock: float


class Joined(_Change):
    """A controller gave the lock a number in its network."""

    what: Literal["joined"] = "joined"
    node: int


class Left(_Change):
    what: Literal["left"] = "left"


class Known(_Change):
    """What the stick believes its network to be; stands in the journal under the stick's name."""

    what: Literal["known"] = "known"
    home_id: int
    nodes: tuple[int, ...]


class CodeSet(_Change):
    what: Literal["code"] = "code"
    slot: int
    old: Filled
    new: Filled
    status: int = 0
    digits: str = Field(default="", repr=False)
    by: By


class CodeRefused(_Change):
    what: Literal["refused"] = "refused"
    slot: int
    why: Literal["duplicate", "digits", "forgotten"]


class Pressed(_Change):
    what: Literal["press"] = "press"
    slot: int | None
    """Whose code it was; None: nobody's, or the keypad was off."""
    opened: bool


class BoltMoved(_Change):
    what: Literal["bolt"] = "bolt"
    position: Bolt
    by: By
    slot: int | None = None


class Drained(_Change):
    what: Literal["battery"] = "battery"
    percent: int


class Jammed(_Change):
    what: Literal["jam"] = "jam"
    jammed: bool


class Silenced(_Change):
    what: Literal["silence"] = "silence"
    silent: bool


class ParameterSet(_Change):
    what: Literal["parameter"] = "parameter"
    number: int
    value: int


class KeypadMode(_Change):
    what: Literal["mode"] = "mode"
    mode: int


class AutoLockSet(_Change):
    what: Literal["auto_lock"] = "auto_lock"
    seconds: float


class Associated(_Change):
    what: Literal["association"] = "association"
    group: int
    nodes: tuple[int, ...]


class ClockSet(_Change):
    what: Literal["clock"] = "clock"
    off_s: float
    """How far its clock is ahead of the wall's."""


class Logged(_Change):
    """The lock writes a line into its own log."""

    what: Literal["logged"] = "logged"
    moment: tuple[int, int, int, int, int, int]
    """Year to second, by its own clock."""
    event: int
    user: int


class KeysGiven(_Change):
    """The node was given these network keys, or none. In hex, by the names of a key file."""

    what: Literal["keys"] = "keys"
    keys: dict[str, str] = Field(repr=False)


Change = (
    Installed
    | KeysGiven
    | Associated
    | Joined
    | Left
    | Known
    | CodeSet
    | CodeRefused
    | Pressed
    | BoltMoved
    | Drained
    | Jammed
    | Silenced
    | ParameterSet
    | KeypadMode
    | AutoLockSet
    | ClockSet
    | Logged
)


class Entry(BaseModel):
    """One line of the journal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    lock: str
    change: Annotated[Change, Field(discriminator="what")]


@dataclass(slots=True)
class Memory:
    model: str = ""
    node: int | None = None
    """Its number in the stick's network; None: it is in none."""
    bolt: Bolt = Bolt.LOCKED
    jammed: bool = False
    silent: bool = False
    battery: int = 100
    auto_lock: float = 0
    """Seconds until an unlocked bolt locks itself; 0: never."""
    keypad_mode: int = 0
    codes: dict[int, Code] = field(default_factory=dict)
    parameters: dict[int, int] = field(default_factory=dict)
    """Only those that were set; the model knows the defaults."""
    keys: dict[str, str] | None = field(default=None, repr=False)
    """None: those of the settings."""
    associations: dict[int, tuple[int, ...]] = field(default_factory=dict)
    clock_off_s: float = 0
    lines: list[Logged] = field(default_factory=list)
    """Of its own log, oldest first; no more than the largest log has room for."""
    written: int = 0
    """How many there ever were."""

    def after(self, change: Change) -> Memory:
        """This memory with one more thing in it. Only `Installed` gives another one."""
        match change:
            case Installed():
                return Memory(change.model, self.node, battery=change.battery, auto_lock=change.auto_lock)
            case Joined() | Left():
                self.node = change.node if isinstance(change, Joined) else None
            case CodeSet(new="empty"):
                self.codes.pop(change.slot, None)
            case CodeSet():
                self.codes[change.slot] = Code(change.status, change.digits)
            case BoltMoved():
                self.bolt = change.position
            case Drained():
                self.battery = change.percent
            case Jammed():
                self.jammed = change.jammed
            case Silenced():
                self.silent = change.silent
            case Logged():
                self.written += 1
                self.lines = [*self.lines, change][-LINES_MOST:]
            case ParameterSet() | KeypadMode() | AutoLockSet() | KeysGiven() | Associated() | ClockSet():
                self._set_up(change)
            case CodeRefused() | Pressed() | Known():
                pass
        return self

    def _set_up(self, change: ParameterSet | KeypadMode | AutoLockSet | KeysGiven | Associated | ClockSet) -> None:
        match change:
            case ClockSet():
                self.clock_off_s = change.off_s
            case ParameterSet():
                self.parameters[change.number] = change.value
            case KeypadMode():
                self.keypad_mode = change.mode
            case AutoLockSet():
                self.auto_lock = change.seconds
            case KeysGiven():
                self.keys = change.keys
            case Associated():
                self.associations[change.group] = change.nodes
