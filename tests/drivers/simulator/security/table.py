"""A simulated node on one side of a table and our own host's sessions on the other; no stick between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from drivers.simulator.building import Building
from drivers.simulator.nodes import Node
from drivers.simulator.settings import Config, LockSettings
from drivers.zwave.security import kex, s0_joining
from drivers.zwave.security.joining import (
    Admit,
    Agree,
    Answer,
    AskGrant,
    AskPin,
    Await,
    Conversation,
    Granted,
    Heard,
    Joined,
    Tell,
    TimedOut,
    Told,
    Typed,
    Undecodable,
)
from drivers.zwave.security.keys import NetworkKey, S0Keys, S2Keys, SecurityClass, s0_keys, s2_keys
from drivers.zwave.security.s0 import Heard as HeardS0
from drivers.zwave.security.s0 import S0Session
from drivers.zwave.security.s2 import TEMPORARY, Link, NeedNonce, Received, Reply, S2Session, Strength, WrongKeys

START: Final = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
HOME: Final = 0xC0DE1001
NODE: Final = 2
KEYS: Final = {
    "S0_Legacy": "0102030405060708090a0b0c0d0e0f10",
    "S2_Unauthenticated": "11" * 16,
    "S2_Authenticated": "22" * 16,
    "S2_AccessControl": "33" * 16,
}
OURS: Final = {
    SecurityClass.S0: "S0_Legacy",
    SecurityClass.S2_UNAUTHENTICATED: "S2_Unauthenticated",
    SecurityClass.S2_AUTHENTICATED: "S2_Authenticated",
    SecurityClass.S2_ACCESS_CONTROL: "S2_AccessControl",
}
UNAUTH, AUTH, ACCESS, S0 = (
    SecurityClass.S2_UNAUTHENTICATED,
    SecurityClass.S2_AUTHENTICATED,
    SecurityClass.S2_ACCESS_CONTROL,
    SecurityClass.S0,
)


def network_keys() -> dict[SecurityClass, NetworkKey]:
    return {level: NetworkKey(bytes.fromhex(KEYS[name])) for level, name in OURS.items()}


@dataclass
class Table:
    """Frames pass over it in the instant in which they are said."""

    node: Node
    now: float = 100.0
    air: list[tuple[str, str]] = field(default_factory=list)
    """Direction `>` to the node and `<` from it, and the frame."""
    lose: Callable[[str, bytes], bool] = field(default=lambda way, frame: False)
    said: list[tuple[str, object]] = field(default_factory=list)
    """What the node said and under what, `None` for in the clear."""
    unreadable: bool = False
    """The host could not read the first message of a stream."""
    s0_keys_next: S0Keys | None = None
    """The host's, after its next message."""
    _numbers: int = 0
    _s0_waiting: deque[bytes] = field(default_factory=deque)
    _s2_waiting: deque[tuple[bytes, Strength]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        held = network_keys()
        strong: dict[Strength, S2Keys] = {each: s2_keys(held[each]) for each in (ACCESS, AUTH, UNAUTH)}
        self.s2 = S2Session(Link(HOME, 1, NODE), strong, self.random)
        self.s0 = S0Session(1, NODE, s0_keys(held[S0]), self.random)

    def random(self, length: int) -> bytes:
        self._numbers += 1
        return self._numbers.to_bytes(4, "big").rjust(length, b"\xd1")[-length:] if length > 4 else b"\x07" * length

    # ---- to the node ----

    def put(self, frame: bytes) -> None:
        """A frame arrives at the node; what it says comes back at once."""
        self.air.append((">", frame.hex()))
        if not self.lose(">", frame):
            self.node.receive(frame, self.now)
        self.gather()

    def tell(self, command: str, under: Strength | None = None) -> None:
        data = bytes.fromhex(command)
        if under is None:
            self.put(data)
        elif under is S0:
            self._s0_waiting.append(data)
            self._say_s0()
        else:
            self._s2_waiting.append((data, under))
            self._say_s2()

    def ask(self, command: str, under: Strength | None = None) -> list[tuple[str, object]]:
        """What the node says to a command."""
        earlier, self.said = self.said, []
        self.tell(command, under)
        answered, self.said = self.said, earlier
        return answered

    def _say_s2(self) -> None:
        while self._s2_waiting:
            command, under = self._s2_waiting[0]
            sealed = self.s2.encrypt(command, self.now, under=under)
            if isinstance(sealed, NeedNonce):
                self.put(sealed.ask)
                return
            self._s2_waiting.popleft()
            self.put(sealed)

    def _say_s0(self) -> None:
        while self._s0_waiting:
            sealed = self.s0.encrypt(self._s0_waiting[0], self.now)
            if isinstance(sealed, NeedNonce):
                self.put(sealed.ask)
                return
            self._s0_waiting.popleft()
            if self.s0_keys_next is not None:
                self.s0.keys, self.s0_keys_next = self.s0_keys_next, None
            self.put(sealed)

    # ---- from the node ----

    def gather(self) -> None:
        for spoken in self.node.take(self.now):
            self.air.append(("<", spoken.frame.hex()))
            if not self.lose("<", spoken.frame):
                self.hear(spoken.frame)

    def hear(self, frame: bytes) -> None:
        events: tuple[object, ...]
        match frame[0], frame[1]:
            case 0x9F, 0x01 | 0x02 | 0x03:
                events = self.s2.receive(frame, self.now)
            case 0x98, 0x40 | 0x80 | 0x81 | 0xC1:
                events = self.s0.receive(frame, self.now)
            case _:
                self.said.append((frame.hex(), None))
                return
        for event in events:
            match event:
                case Reply(frame=reply):
                    self.put(reply)
                case Received(payload=payload, under=under):
                    self.said.append((payload.hex(), under))
                case HeardS0(payload=payload):
                    self.said.append((payload.hex(), S0))
                case WrongKeys():
                    self.unreadable = True
                case _:
                    pass
        self._say_s2()
        self._say_s0()

    def later(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            deadline = self.node.deadline()
            self.now = end if deadline is None else min(max(self.now, deadline), end)
            self.node.timeout(self.now)
            self.gather()
            if deadline is None or deadline > end:
                return

    def events(self) -> list[tuple[str, object]]:
        """What the node said since the last call."""
        self.gather()
        said, self.said = self.said, []
        return said


def a_table(model: str = "yale", **settings: Any) -> Table:
    lock = LockSettings(address=str(NODE), model=model, **settings)
    config = Config.model_validate({"home_id": HOME, "keys": KEYS, "seed": 1, "locks": (lock,)})
    building = Building(config, lambda: START)
    return Table(building.nodes[NODE])


@dataclass
class Including:
    """Our host gives a node its keys, and somebody who reads the label stands beside it."""

    table: Table
    grants: frozenset[SecurityClass] | None = None
    pin: str | None = None
    patience: float = 0.0
    """Seconds that the person looks for the PIN."""
    told: list[str] = field(default_factory=list)

    def join(self, conversation: Conversation | None = None, *, by: SecurityClass = ACCESS) -> Joined:
        """Raises Rejected: as the host's conversation does."""
        table = self.table
        table.node.added(HOME, NODE, table.now)
        table.s2.keys = {}
        table.gather()
        if conversation is None:
            conversation = (
                s0_joining.include(network_keys()[S0]) if by is S0 else kex.include(network_keys(), table.random)
            )
        self._by_s0 = by is S0
        answer: Answer | None = None
        while True:
            try:
                step = conversation.send(answer)  # type: ignore[arg-type]  # a generator is started with None
            except StopIteration as end:
                joined: Joined = end.value
                table.s2.keys = {each: s2_keys(network_keys()[each]) for each in joined.classes if each.is_s2}
                table.s2.forget()
                return joined
            answer = self._do(step)

    def _do(self, step: object) -> Answer:
        table = self.table
        match step:
            case Tell(command=command, under=under):
                self.told.append(command.hex())
                table.tell(command.hex(), S0 if self._by_s0 and under is not None else under)
            case Await(until=until):
                return self._await(until)
            case Agree(keys=S2Keys() as keys):
                table.s2.keys = {TEMPORARY: keys}
                table.unreadable = False  # what came before had to be unreadable
            case Agree(keys=NetworkKey() as key):
                table.s0.keys = s0_keys(key)
            case Admit(security=security) if self._by_s0:
                table.s0_keys_next = s0_keys(network_keys()[security])
            case Admit(security=security):
                table.s2.keys[security] = s2_keys(network_keys()[security])
            case AskGrant(requested=requested):
                return Granted(requested if self.grants is None else self.grants, table.now)
            case AskPin(tail=tail):
                label = table.node.label
                assert tail in label.dsk
                table.later(self.patience)
                return Typed(label.pin if self.pin is None else self.pin, table.now)
        return Told(table.now)

    def _await(self, until: float) -> Answer:
        table = self.table
        while not table.said:
            if table.unreadable:
                table.unreadable = False
                return Undecodable(table.now)
            deadline = table.node.deadline()
            if deadline is None or deadline >= until:
                table.later(until - table.now)
                return TimedOut(table.now)
            table.later(deadline - table.now)
        said, under = table.said.pop(0)
        return Heard(bytes.fromhex(said), under, table.now)  # type: ignore[arg-type]
