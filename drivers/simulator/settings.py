"""What an operator or a test may choose about the simulated building."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from drivers.simulator.air import Rate
from drivers.simulator.faults import Faults
from drivers.simulator.models import MODELS, Model
from drivers.simulator.quirks import Quirks
from drivers.simulator.security.keys import CALLED, NAMES, Label, Level


class Segments(StrEnum):
    """How the stick's bytes are cut up on their way to the host."""

    WHOLE = "whole"
    """One write for each frame or single byte."""
    JOINED = "joined"
    """Whatever is ready goes out in one write."""
    SPLIT = "split"
    """Cut at random places."""
    MIXED = "mixed"
    """Each of these by turns."""


class Security(StrEnum):
    """The best that a lock is able to."""

    NONE = "none"
    S0 = "s0"
    S2 = "s2"


KeyName = Literal["S0_Legacy", "S2_Unauthenticated", "S2_Authenticated", "S2_AccessControl"]
_USUAL: Final[Mapping[Security, tuple[KeyName, ...]]] = {
    Security.NONE: (),
    Security.S0: ("S0_Legacy",),
    Security.S2: ("S2_AccessControl", "S2_Authenticated"),
}


class Functions(StrEnum):
    """Which functions of the Serial API the stick has. A host such as zwave-js uses each that it sees."""

    LEAN = "lean"
    """What it takes to talk to locks that are there."""
    FULL = "full"
    """Also adding and removing, neighbours, failed nodes, backup and the rest of what keeps a network."""


class LockSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: str = ""
    """Z-Wave node, 2 to 232; empty: a newcomer, in no network yet."""
    model: str
    name: str = ""
    slots: int | None = Field(default=None, ge=0, le=1000)
    """None: as the model has it."""
    user_code: int | None = Field(default=None, ge=1, le=2)
    """Version of the User Code Command Class; None: as the model has it."""
    battery: int = Field(default=90, ge=0, le=100)
    auto_lock: float = Field(default=0, ge=0)
    """Seconds; 0: never."""
    lockout: float = Field(default=60, ge=0)
    """Seconds during which the keypad is off after too many wrong codes (Yale parameter 7: 60)."""
    wrong_codes: int = Field(default=5, ge=1)
    travel: float = Field(default=0, ge=0)
    """Seconds that the bolt takes."""
    beamed: bool = False
    """Sleeps, and is woken by a beam of 1.0 to 1.1 s (FLiRS); otherwise it answers as if it were always awake."""
    awake: float = Field(default=0.5, ge=0)
    """Seconds that a beamed lock stays awake after the last frame."""
    security: Security = Security.NONE
    requests: tuple[KeyName, ...] | None = None
    """The classes that it asks for when it joins; None: what is usual."""
    granted: tuple[KeyName, ...] | None = None
    """The classes that it already has, as a lock that joined earlier; None: all that it asks for."""
    secret: str | None = Field(default=None, pattern=r"^[0-9a-fA-F]{64}$", repr=False)
    """Its own private key, of which DSK and PIN follow; None: one made of model and address, or of model and name."""
    repeaters: tuple[int, ...] = ()
    """The nodes that carry what goes between stick and lock, from the stick outwards."""
    rssi: int = Field(default=-60, ge=-94, le=-32)
    """dBm of the lock at whoever hears it; the range is what INS13954 §4.3.2.3 gives."""
    smart_start: bool = True
    """With S2: announces itself when it is switched on and in no network."""
    records: int = Field(default=0, ge=0, le=255)
    """How many lines its own log of the door has room for; a lock that has one has a clock, too. 0: it keeps none."""
    quirks: Quirks = Quirks()

    @field_validator("address")
    @classmethod
    def _node(cls, address: str) -> str:
        if address and not (
            address.isascii() and address.isdecimal() and 2 <= int(address) <= 232 and str(int(address)) == address
        ):
            raise ValueError("a node is a number from 2 to 232, written as text")
        return address

    @field_validator("model")
    @classmethod
    def _known(cls, model: str) -> str:
        if model not in MODELS:
            raise ValueError(f"there is no simulated lock “{model}”; there are: {', '.join(MODELS)}")
        return model

    @model_validator(mode="after")
    def _addressable(self) -> Self:
        if self.slot_count > 255 and self.user_code_version == 1:
            raise ValueError("User Code version 1 cannot address more than 255 slots")
        return self

    @model_validator(mode="after")
    def _able(self) -> Self:
        named = {*(self.requests or ()), *(self.granted or ())}
        able = {Security.NONE: set[str](), Security.S0: {"S0_Legacy"}, Security.S2: set(NAMES)}[self.security]
        if named - able:
            raise ValueError(f"a lock with security “{self.security}” cannot have {', '.join(sorted(named - able))}")
        return self

    @property
    def wanted(self) -> frozenset[Level]:
        return frozenset(NAMES[name] for name in (_USUAL[self.security] if self.requests is None else self.requests))

    @property
    def joined_with(self) -> frozenset[Level]:
        if not self.address:
            return frozenset()
        return self.wanted if self.granted is None else frozenset(NAMES[name] for name in self.granted)

    @property
    def label(self) -> Label:
        if self.secret is not None:
            return Label(bytes.fromhex(self.secret))
        return Label.of(f"{self.model} {self.address or self.name}")

    @property
    def node(self) -> int | None:
        """Where the lock is from the beginning."""
        return int(self.address) if self.address else None

    @property
    def hardware(self) -> Model:
        return MODELS[self.model]

    @property
    def slot_count(self) -> int:
        return self.hardware.slots if self.slots is None else self.slots

    @property
    def user_code_version(self) -> int:
        return self.user_code or self.hardware.user_code


def _demo_building() -> tuple[LockSettings, ...]:
    return tuple(
        LockSettings(address=str(node), model=model, name=name)
        for node, (model, name) in enumerate((("schlage", "Front"), ("yale", "Flat 1"), ("kwikset", "Flat 2")), start=2)
    )


class Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    listen: str = "127.0.0.1:5555"
    """`host:port` on the loopback, port 0 for any, or `pty:/path` for a link to a pseudo-terminal."""
    locks: tuple[LockSettings, ...] = Field(default_factory=_demo_building)
    delay: float = Field(default=0.03, ge=0)
    """Seconds that one hop by radio takes; 0: everything at once."""
    rate: Rate | None = None
    """Each frame takes what its length needs at this rate, one after the other; None: every one takes `delay`."""
    give_up: float = Field(default=0.3, ge=0)
    """Seconds until the stick gives up on a lock that does not acknowledge."""
    collisions: bool = True
    """Answer CAN to a frame that arrives while an acknowledgement is due, as real sticks do (INS12350 §5.3)."""
    segments: Segments = Segments.WHOLE
    functions: Functions = Functions.LEAN
    noise: int = Field(default=-94, ge=-94, le=-32)
    """dBm when nobody speaks."""
    home_id: int = Field(default=0xC0DE1001, ge=0xC0000000, le=0xFFFFFFFE)
    keys: dict[KeyName, str] = Field(default_factory=dict, repr=False)
    """The network keys of the building, in hex, for locks that have joined already."""
    faults: Faults = Faults()
    state_file: Path | None = None
    """None: in the plugin's own folder."""
    seed: int | None = None
    """For the same chances again; None: other chances each time."""

    @field_validator("listen")
    @classmethod
    def _reachable_only_from_here(cls, listen: str) -> str:
        if listen.startswith("pty:"):
            if not Path(listen.removeprefix("pty:")).is_absolute():
                raise ValueError("a pty is linked at an absolute path: pty:/run/gatehouse/stick")
            return listen
        host, colon, port = listen.rpartition(":")
        if not (colon and port.isascii() and port.isdecimal() and int(port) <= 65535):
            raise ValueError("write it as 127.0.0.1:5555 or pty:/path")
        if not loopback(host):
            raise ValueError("a simulated stick has no password: it listens on the loopback only")
        return listen

    @field_validator("keys")
    @classmethod
    def _sixteen_bytes(cls, keys: dict[KeyName, str]) -> dict[KeyName, str]:
        for name, key in keys.items():
            if re.fullmatch(r"[0-9a-fA-F]{32}", key) is None:
                raise ValueError(f"{name} is not 32 hexadecimal digits")
        return keys

    @model_validator(mode="after")
    def _keys_are_there(self) -> Self:
        for lock in self.locks:
            missing = [CALLED[level] for level in lock.joined_with if CALLED[level] not in self.keys]
            if missing:
                raise ValueError(
                    f"the lock {lock.address} has joined with {', '.join(sorted(missing))}: add it to keys"
                )
        return self

    @property
    def network_keys(self) -> dict[Level, bytes]:
        return {NAMES[name]: bytes.fromhex(key) for name, key in self.keys.items()}

    @field_validator("locks")
    @classmethod
    def _one_lock_for_each_node(cls, locks: tuple[LockSettings, ...]) -> tuple[LockSettings, ...]:
        twice = [address for address, count in Counter(lock.address for lock in locks).items() if address and count > 1]
        if twice:
            raise ValueError(f"two locks have the node {twice[0]}")
        return locks


def loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
