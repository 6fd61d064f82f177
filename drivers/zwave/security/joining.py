"""What the conversations that give a device its keys are made of.

A conversation is a generator. It yields a step and is sent what came of it and when, in seconds of a clock that
never goes back; it knows neither radio nor clock nor page.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from drivers.zwave.security.dsk import Dsk
from drivers.zwave.security.keys import NetworkKey, S2Keys, SecurityClass
from drivers.zwave.security.s2 import Strength


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a command to the device. Answered with `Told`."""

    command: bytes = field(repr=False)
    under: Strength | None = None
    """None: not encrypted."""
    acknowledged: bool = True


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for the device, until that time. Answered with `Heard`, `Undecodable`, `TimedOut` or `Cancelled`."""

    until: float


@dataclass(frozen=True, slots=True)
class Agree:
    """From now on messages under these temporary keys are understood. Answered with `Told`."""

    keys: S2Keys | NetworkKey


@dataclass(frozen=True, slots=True)
class Admit:
    """From now on messages under the network key of this class are understood as well. Answered with `Told`."""

    security: SecurityClass


@dataclass(frozen=True, slots=True)
class AskGrant:
    """Ask a person which of these the device shall have.

    Answered with `Granted`, `TimedOut`, `Cancelled`, or `Heard` when the device ends the exchange meanwhile.
    """

    requested: frozenset[SecurityClass]
    until: float


@dataclass(frozen=True, slots=True)
class AskPin:
    """Ask a person to compare the number and type what stands before it.

    Answered with `Typed`, `TimedOut`, `Cancelled`, or `Heard` when the device ends the exchange meanwhile.
    """

    tail: str
    until: float


Step = Tell | Await | Agree | Admit | AskGrant | AskPin


@dataclass(frozen=True, slots=True)
class Told:
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    command: bytes = field(repr=False)
    under: Strength | None
    at: float


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The device encrypted something with other keys than were agreed."""

    at: float


@dataclass(frozen=True, slots=True)
class TimedOut:
    at: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    at: float


@dataclass(frozen=True, slots=True)
class Granted:
    classes: frozenset[SecurityClass]
    at: float


@dataclass(frozen=True, slots=True)
class Typed:
    pin: str = field(repr=False)
    at: float


Answer = Told | Heard | Undecodable | TimedOut | Cancelled | Granted | Typed


@dataclass(frozen=True, slots=True)
class Joined:
    """The device holds these keys and has proved it."""

    classes: frozenset[SecurityClass]
    requested: frozenset[SecurityClass]
    """What it could have had: less than this is for a person to know."""
    dsk: Dsk | None = None


Conversation = Generator[Step, Answer, Joined]
