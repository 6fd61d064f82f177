"""What a driver may offer besides its locks: the care of its radio network, for whoever keeps it.

Every `Raises` says what may have happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from hub.model.values import Address, Secret


class Wish(Enum):
    """What a conversation with the radio is for."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    """Put a new device where one that failed was; the address stays."""


class Asked(Enum):
    """What a conversation wants to know from a person."""

    GRANT = "grant"
    """Which of the offered keys the device shall have: their names, separated by spaces."""
    PIN = "pin"
    """The five digits before the number that is shown, read from the device's label."""
    OLD_ENCRYPTION = "old_encryption"
    """Consent to S0, typed word by word."""
    NO_ENCRYPTION = "no_encryption"
    """Consent to none, typed word by word."""


CONSENT: Final[Mapping[Asked, str]] = {
    Asked.OLD_ENCRYPTION: "use the old encryption",
    Asked.NO_ENCRYPTION: "use no encryption",
}
"""The words; anything else is a no."""


@dataclass(frozen=True, slots=True)
class Question:
    asked: Asked
    sentence: str
    until: datetime
    """Real time, UTC; then the conversation ends by itself."""
    choices: tuple[str, ...] = ()
    """GRANT: the security classes on offer, the strongest first, e.g. `S2_ACCESS_CONTROL`."""
    tail: str = ""
    """PIN: what stands after it on the label, for comparison."""


class Ended(Enum):
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that adds or removes a device, as it stands now."""

    id: str
    wish: Wish
    step: int
    """From 1 to `steps`, for a bar."""
    steps: int
    sentence: str
    """Where it is, or how it ended, for a person."""
    question: Question | None = None
    ended: Ended | None = None
    address: Address | None = None
    """Of the device, once it has one."""
    security: str = ""
    """The strongest key that it was given."""


class Joining(Protocol):
    """One conversation at a time; `Host.changed` is called at each of its turns."""

    @property
    def talk(self) -> Talk | None:
        """The one under way, else the last one."""

    def begin(
        self,
        wish: Wish,
        *,
        label: Secret | None = None,
        address: Address | None = None,
        unencrypted: bool = False,
    ) -> Talk:
        """
        Args:
            label: what the device's QR code says, or its DSK; then nobody is asked for the PIN. ADD and REPLACE.
            address: of the failed device. REPLACE.
            unencrypted: somebody has chosen already that this device may go without encryption.

        Raises:
            Rejected: another conversation is under way, or the label cannot be read.
            Unavailable: there is no stick.
        """

    def answer(self, talk: str, words: str) -> None:
        """Raises Rejected: nothing is asked now, or that is no answer to it; the question stands."""

    def cancel(self, talk: str) -> None:
        """Raises Rejected: it is over, or too late to stop without leaving the device half joined."""


class Reach(Enum):
    """How a device can be spoken to."""

    LISTENS = "listens"
    BEAMED = "beamed"
    """Sleeps, and is woken by a beam within a second (FLiRS)."""
    SLEEPS = "sleeps"
    """Wakes when it likes."""


class NodeState(Enum):
    ALIVE = "alive"
    ASLEEP = "asleep"
    DEAD = "dead"
    NOT_MET = "not_met"


@dataclass(frozen=True, slots=True)
class RadioNode:
    """One device of a radio network, as its driver knows it."""

    address: Address
    model: str
    reach: Reach
    state: NodeState
    security: str = ""
    """The security class in use; empty: none."""
    is_lock: bool = False
    firmware: str = ""
    heard_at: datetime | None = None
    rssi_dbm: int | None = None
    """Of its last acknowledgement, at the stick. None: not measured."""
    route: tuple[Address, ...] = ()
    """The repeaters of the last transmission, from the stick outwards."""
    rate_kbit: float | None = None
    neighbours: frozenset[Address] = frozenset()
    """Including the stick's own address, if it hears that."""
    sent: int = 0
    """Frames sent to it since the driver started, nonces included."""
    lost: int = 0
    """Of those, without acknowledgement."""
    heard: int = 0
    remarks: tuple[str, ...] = ()
    """What a person should know, in sentences."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A device that will be joined by itself when it is switched on (SmartStart)."""

    tail: str
    """The label's number without the PIN; names the entry."""
    since: datetime
    joined: Address | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """A radio network at one moment. Asks nobody."""

    connected: bool
    stick: str = ""
    """Maker's version text."""
    network: str = ""
    """Home id, eight hexadecimal digits."""
    own: Address | None = None
    nodes: tuple[RadioNode, ...] = ()
    prepared: tuple[Prepared, ...] = ()
    noise_dbm: tuple[int, ...] = ()
    """Background noise by channel; empty where the stick does not measure it."""
    jammed: bool = False
    busy: str = ""
    """Long work under way, in a sentence with its progress."""
    codes_set: int = 0
    code_frames: int = 0
    """Frames sent and received in setting those codes, reading back included."""
    idle_frames: int = 0
    """Frames of the last 24 hours that belong to no order of the hub's."""
    since: datetime | None = None
    """When counting began."""
    remarks: tuple[str, ...] = ()
    """What a person should know of the network as a whole, in sentences."""


@dataclass(frozen=True, slots=True)
class Echo:
    """The answer to a ping."""

    milliseconds: float
    rssi_dbm: int | None = None


class Radio(Protocol):
    """One radio network in its keeper's hands; optional on a driver. Whoever calls has asked whether the caller may.

    Every call that names an address raises Rejected when nothing has it, and every one that speaks to a device or to
    the stick raises Unavailable when that does not answer.
    """

    @property
    def joining(self) -> Joining: ...

    def survey(self) -> Survey: ...

    async def ping(self, address: Address) -> Echo: ...

    async def interview(self, address: Address) -> None:
        """Meet a device anew: what was learnt of it is learnt again. Codes are neither written nor cleared."""

    async def heal(self, address: Address | None = None) -> None:
        """Have one device, or all, look for their neighbours and routes again; minutes. `Survey.busy` tells how far it is."""

    async def forget(self, address: Address) -> None:
        """Take a device that no longer answers out of the network. Raises Rejected: it still answers."""

    async def prepare(self, label: Secret) -> Prepared:
        """Join a device by itself when it is switched on. Raises Rejected: the label is not one of SmartStart."""

    async def unprepare(self, tail: str) -> None: ...

    async def back_up(self) -> bytes:
        """The stick's memory, network included, keys of S2 and S0 not. Raises Rejected: this stick cannot."""

    async def restore(self, memory: bytes) -> None:
        """Write a memory back, and restart the stick. Raises Rejected: it is not one of this kind of stick."""

    def export_keys(self) -> Secret:
        """The network keys as JSON, to be kept where the stick's backup is kept. Raises Rejected: there are none yet."""

    async def import_keys(self, keys: Secret) -> None:
        """Take a network over with its keys; needs no stick. Raises Rejected: they cannot be read, or others are in use."""

    def trace(self) -> tuple[str, ...]:
        """The last frames in words, oldest first, with every PIN and key left out."""
