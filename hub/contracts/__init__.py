"""What a driver and an integration must be, and what the hub is to them.

Every `Raises` says what may have happened meanwhile: on a door, that is the part that matters.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from hub.errors import Rejected
from hub.model.effects import Effect
from hub.model.facts import Abilities, Fact, SlotRead
from hub.model.values import Address, ChannelId, Pin, Position, Proof, Weekly, Window


class Clock(Protocol):
    """The time of the house. In a rehearsal it is turned; socket deadlines and back-off never use it, they use the loop's."""

    def now(self) -> datetime:
        """Aware, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Until that much of *this clock's* time has passed."""

    @property
    def trusted(self) -> bool:
        """False until the system says that it is synchronised: then nothing that depends on the time of day happens."""


class Console(Protocol):
    """The hub as a command sees it that a plugin brings: typer hands it over as `ctx.obj`."""

    def ask(self, command: str, *, config: Path | None = None, **arguments: object) -> Any:
        """The running hub's answer, or without one that of its database where it makes sense.

        Args:
            command: as hub/commandline/asks.py names it; `arguments` are its fields, None where one is not given.
            config: the hub's configuration; None: where it usually is.

        Raises:
            Disappointment: the hub's own no; or it does not run.
        """

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
        """Print rows under headings: `columns` are the keys to show and what stands above them."""


# ---- drivers -------------------------------------------------------------------------------------------------------


class BoltControl(Protocol):
    async def move(self, to: Position) -> Position:
        """Move the bolt to LOCKED or UNLOCKED and return where the lock says it is.

        Raises:
            Unavailable: no answer within the caller's timeout; the bolt may have moved, or may yet move.
            Rejected: the lock refused (jammed, privacy mode); the bolt is where it was.

        Cancelling withdraws the command from the radio as far as it has not left yet.
        """


class CodeTaken(Rejected):
    """The lock holds the same digits in another slot. Other digits may be drawn; the same ones will be refused again."""


class Keypad(Protocol):
    """The code memory of one lock. Slots are numbered from 1 to `Abilities.slots`."""

    async def read(self, slot: int) -> SlotRead:
        """Ask the lock itself, never a cache.

        Raises:
            Unavailable: no answer; nothing changed.
            Rejected: there is no such slot.
        """

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        """Put a code into a slot and say how sure that is: ACKNOWLEDGED, CONFIRMED or READ_BACK, never a guess.

        Args:
            enabled: False only where `Abilities.holds_disabled` says so: at no instant does the code open anything.

        Raises:
            Unavailable: no answer; the slot may hold the old code, the new one, or none.
            CodeTaken: another slot of this lock holds these digits; the slot is as it was.
            Rejected: the lock refused the digits for another reason; the slot is as it was.
        """

    async def enable(self, slot: int, pin: Pin) -> Proof:
        """Let a code that was written disabled open the door; grades as for `write`.

        Raises:
            Unavailable: no answer; the code may or may not open.
            Rejected: the lock refused, or cannot hold codes disabled; the slot is as it was.
        """

    async def clear(self, slot: int) -> Proof:
        """Empty a slot; grades as for `write`.

        Raises:
            Unavailable: no answer; the slot may or may not be empty.
            Rejected: the lock refused; the slot is as it was.
        """


@dataclass(frozen=True, slots=True)
class Charge:
    percent: int | None
    """None: the lock gives no figure, it warns."""
    low: bool = False


class Battery(Protocol):
    async def read(self) -> Charge:
        """Ask the lock. Raises Unavailable."""


class SlotSchedule(Protocol):
    """When the lock itself lets the code of a slot open, so that it ends in time even if the hub does not live to see it."""

    async def set(self, slot: int, when: Window | tuple[Weekly, ...]) -> Proof:
        """Confine a slot that holds a code; what confined it before no longer counts. Grades as for `Keypad.write`.

        Raises:
            Unavailable: no answer; the old confinement, the new one, or none may count.
            Rejected: the lock cannot keep such a schedule; the old one counts.
        """

    async def clear(self, slot: int) -> Proof:
        """Let the slot's code open at any time. Raises as `set`."""


@dataclass(frozen=True, slots=True)
class Lock:
    """One physical lock: what it turned out to be able to do. An ability the hardware lacks is None."""

    address: Address
    abilities: Abilities
    bolt: BoltControl | None = None
    keypad: Keypad | None = None
    battery: Battery | None = None
    schedule: SlotSchedule | None = None


class Driver(Protocol):
    """One radio or bridge, and every lock it can reach.

    `locks` grows and shrinks while `run` runs; each change is told as `LockFound`.
    """

    @property
    def locks(self) -> Mapping[Address, Lock]: ...

    async def run(self) -> None:
        """Talk to the radio until cancelled. An exception that escapes makes the hub start the driver anew, with back-off."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A simulated device in no network; its id is never an address. Its QR text and DSK are shown: they open no real door."""

    id: str
    model: str
    label: str
    dsk: str
    awake: bool
    """Switched on: it asks to be let in."""


class Rehearsal(Protocol):
    """What a simulator offers besides being one: hands for a demonstration. Addresses are those of the driver it plays for."""

    @property
    def doors(self) -> Mapping[Address, str]:
        """The simulated locks and their models."""

    def press(self, lock: Address, digits: str) -> bool:
        """Somebody types digits at the keypad. True: the lock opened."""

    def turn(self, lock: Address, to: Position) -> None:
        """Somebody turns the thumb-turn."""

    def drain(self, lock: Address, percent: int) -> None:
        """The battery is now at `percent`."""

    def jam(self, lock: Address, *, jammed: bool) -> None:
        """The bolt sticks, or moves freely again."""

    def silence(self, lock: Address, *, silent: bool) -> None:
        """The lock stops answering the radio, or answers again."""

    @property
    def newcomers(self) -> tuple[Newcomer, ...]:
        """Those that nobody has added yet, and those that were removed."""

    def pair(self, which: str) -> None:
        """Switch a newcomer on and press its button, by its id; or press the button of a joined lock, by its address."""


# ---- integrations --------------------------------------------------------------------------------------------------


QUERY: Final = ":query"
"""Among a webhook's headers: what stood behind the question mark. Like them it is not kept."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes from a source, before anybody has understood them. `received_at` is UTC."""

    channel: ChannelId
    key: str
    """Unique within the channel: the same key is the same delivery, however often it comes."""
    body: bytes
    received_at: datetime
    topic: str = ""
    """What the source called it: the last part of a webhook's path, e.g. `booking-created`; empty for a poll."""
    headers: Mapping[str, str] | None = None
    """Names in lower case. Webhooks only."""
    cursor: str | None = None
    """Polls only: where to go on. Committed together with the delivery, never before."""


Performer = Callable[[Effect, str], Awaitable[None]]
"""Keep one promise; the string is the promise's key, to be handed on as idempotency key where the service knows one.

Raises:
    Unavailable: will be tried again; it may have happened all the same.
    Rejected: will not be tried again; a person is shown the sentence.
"""


class Integration:
    """A service: what it tells us, and what we may ask it to do. One instance for each configured channel."""

    poll_every: ClassVar[timedelta | None] = None
    """None: this source only pushes."""
    keeps_diary: ClassVar[bool] = False
    """It is a calendar that the people of the house keep: it is told who comes, and not only which nights are taken."""

    def authentic(self, delivery: Delivery) -> bool:
        """Whether a pushed delivery was really sent by the source (signature over the raw body). Default: nothing is."""
        return False

    def key(self, delivery: Delivery) -> str:
        """The source's own id of a pushed delivery, for de-duplication."""
        raise NotImplementedError("this source pushes nothing")

    def topic_again(self, status: str) -> str | None:
        """Of a pushed booking that waited for its unit: the topic under which what was pushed is taken in now.

        Args:
            status: a word of `StayStatus`.

        Default: None, as what is polled is read anew.
        """
        return None

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        """What a delivery says.

        Raises:
            Garbled: it says nothing that can be understood; it is kept, and a person can see it.
        """
        raise NotImplementedError

    def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        """Read the source from `cursor` on. Each delivery carries the cursor that follows it.

        A delivery with an empty body says that nothing is new: it is parsed at once and not kept.

        Raises:
            Unavailable: nothing was read, or not all; what was yielded stands.
            Rejected: the source refuses us until a person does something.
        """
        raise NotImplementedError("this source is not polled")

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {}


class Sandbox(Protocol):
    async def __call__(self, work: str, data: bytes) -> Any:
        """Run `module:function` on untrusted bytes where it can do no harm and return its JSON-able answer.

        Raises:
            Garbled: it failed, used more time or memory than it may, or answered nonsense.
        """


@dataclass(frozen=True, slots=True)
class Host:
    """The hub as a plugin sees it."""

    name: str
    """The channel's id for an integration, the plugin's name for a driver."""
    tell: Callable[[Fact], Awaitable[None]]
    """Returns when the fact is safe on disk."""
    clock: Clock
    state_dir: Path
    """The plugin's own folder; exists. What it keeps there is in the hub's backups."""
    seal: Callable[[bytes], bytes]
    open: Callable[[bytes], bytes]
    sandbox: Sandbox
    changed: Callable[[], None] = field(default=lambda: None)
    """Something that pages show of this plugin is no longer as it was: look again."""
