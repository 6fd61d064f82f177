"""How locks come into the stick's network and out of it again: adding, removing, SmartStart, and what failed.

Sources: INS13954 §4.3.1.8 (ApplicationControllerUpdate), §4.4.1 and §4.4.2 (AddNodeToNetwork), §4.4.18 to §4.4.22 (failed
nodes, RemoveNodeFromNetwork); numbers from ZW_controller_api.h. What happens between two callbacks is told as a generator
that yields the seconds until it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import partial
from typing import Final, assert_never

from drivers.simulator import controller
from drivers.simulator.building import Building
from drivers.simulator.controller import ADD_NODE, APPLICATION_UPDATE, REMOVE_NODE
from drivers.simulator.frames import REQUEST
from drivers.simulator.nodes import Node
from drivers.simulator.settings import Config, Security

PRESSED_S: Final = 30.0
"""For how long a lock that was added already, once its button was pressed, lets itself be removed."""
ASKS_S: Final = 240.0
"""For how long a newcomer whose button was pressed asks to be let in."""
ANNOUNCES_FIRST_S: Final = 2.0
ANNOUNCES_MOST_S: Final = 512.0
"""Between two SmartStart requests; the pause doubles (the default of MaxInclusionRequestInterval is longer still)."""
HOPS: Final = 4
"""One step of adding is so many hops long."""

_MODE: Final = 0x0F
_ADD_HOME_ID: Final = 0x08
_ADD_SMART_START: Final = 0x09
_STOP: Final = (0x05, 0x06)

REPLACE_DONE: Final = 0x04
REPLACE_FAILED: Final = 0x05

NODE_INFO: Final = 0x84
SMART_START: Final = 0x85


class Status(IntEnum):
    READY = 1
    FOUND = 2
    SLAVE = 3
    PROTOCOL_DONE = 5
    DONE = 6
    FAILED = 7


class Mode(Enum):
    IDLE = "idle"
    LISTENING = "listening"
    """For SmartStart requests."""
    ADDING = "adding"
    REMOVING = "removing"
    REPLACING = "replacing"
    ENDING = "ending"
    """A node is in, or out, and the host has yet to say stop."""


Course = Generator[float, None, None]
Tell = Callable[..., None]


@dataclass(slots=True)
class Asking:
    """A device whose button was pressed, or that was switched on."""

    until: float
    """For the button."""
    announces_at: float
    pause: float = ANNOUNCES_FIRST_S


class Membership:
    def __init__(self, building: Building, settings: Config, say: Callable[[int, int, bytes], None]) -> None:
        self._building = building
        self._step = HOPS * settings.delay
        self._say = say
        self._mode = Mode.IDLE
        self._tell: Tell = _nothing
        self._wanted: tuple[bytes, bytes] | None = None
        """The home ids of the one device that may come in."""
        self._number: int | None = None
        """The one that is replaced, or that just came or went."""
        self._asking: dict[Node, Asking] = {}
        self._on_trial: set[Node] = set()
        """Those that came in by SmartStart and have no keys yet."""
        self._course: Course | None = None
        self._goes_on_at = 0.0

    # ---- hands ----

    def pair(self, node: Node, now: float) -> None:
        """Somebody presses the button of a device, or switches a newcomer on, or resets one that the stick has forgotten."""
        joined = node.lock.memory.node
        if joined is not None and joined not in self._building.table and self._mode is not Mode.REMOVING:
            node.removed()
            joined = None
        if node.lock.silent:
            return
        self._asking[node] = Asking(now + (ASKS_S if joined is None else PRESSED_S), now)
        if joined is not None and self._mode is not Mode.REMOVING:
            self._say(REQUEST, APPLICATION_UPDATE, bytes([NODE_INFO, joined]) + _info(node))
        self.timeout(now)

    def awake(self, node: Node) -> bool:
        return node in self._asking

    # ---- what the host asks ----

    def add(self, body: bytes, now: float) -> None:
        """INS13954 §4.4.1 and §4.4.2: mode, callback; with one device's home ids: 8 bytes of them."""
        mode, callback = (body[0] & _MODE, body[1]) if len(body) >= 2 else (_STOP[0], 0)
        if mode in _STOP:
            self._stop(ADD_NODE, callback)
            return
        self._begin(Mode.LISTENING if mode == _ADD_SMART_START else Mode.ADDING, ADD_NODE, callback, now)
        if mode == _ADD_HOME_ID and len(body) >= 10:
            self._wanted = (body[2:6], body[6:10])
        if mode != _ADD_SMART_START:
            self._tell(Status.READY)

    def remove(self, body: bytes, now: float) -> None:
        """INS13954 §4.4.22."""
        mode, callback = (body[0] & _MODE, body[1]) if len(body) >= 2 else (_STOP[0], 0)
        if mode in _STOP:
            self._stop(REMOVE_NODE, callback)
            return
        self._begin(Mode.REMOVING, REMOVE_NODE, callback, now)
        self._tell(Status.READY)

    def replace(self, number: int, callback: int, now: float) -> None:
        """The next newcomer gets this number (INS13954 §4.4.21)."""
        self._begin(Mode.REPLACING, controller.REPLACE_FAILED_NODE, callback, now)
        self._number = number

    def _begin(self, mode: Mode, function: int, callback: int, now: float) -> None:
        self.reset()
        self._mode = mode
        self._tell = partial(self._status, function, callback)
        self._goes_on_at = now + self._step

    def _stop(self, function: int, callback: int) -> None:
        """With a callback: the host is told that it is done, and says stop once more without one."""
        number = self._number if self._mode is Mode.ENDING else None
        self.reset()
        self._status(function, callback, Status.DONE, number or 0)

    def reset(self) -> None:
        """The stick is idle. A device that was being added is left where it is."""
        self._mode, self._tell, self._wanted, self._number, self._course = Mode.IDLE, _nothing, None, None, None

    def _status(self, function: int, callback: int, status: int, number: int = 0, info: bytes = b"\x00") -> None:
        if not callback:
            return
        more = b"" if function == controller.REPLACE_FAILED_NODE else bytes([number]) + info
        self._say(REQUEST, function, bytes([callback, status]) + more)

    # ---- time ----

    def deadline(self) -> float | None:
        announcing = self._mode is Mode.LISTENING
        moments = [each.announces_at for node, each in self._asking.items() if announcing and _announces(node)]
        if self._course is not None or self._candidate() is not None:
            moments.append(self._goes_on_at)
        return min(moments, default=None)

    def timeout(self, now: float) -> None:
        self._judge(now)
        self._forget(now)
        if self._mode is Mode.LISTENING:
            self._announce(now)
        while (self._course is not None or self._candidate() is not None) and self._goes_on_at <= now:
            self._go_on(now)

    def _judge(self, now: float) -> None:
        """Who came in by SmartStart and got no keys leaves again by itself (zwave-js, Controller.ts), and goes on announcing."""
        for node in [each for each in self._on_trial if not each.asks_for_keys]:
            self._on_trial.discard(node)
            if not node.granted and node.lock.memory.node is not None:
                node.removed()
                self._asking[node] = Asking(now, now + ANNOUNCES_FIRST_S)

    def _forget(self, now: float) -> None:
        for node, asking in list(self._asking.items()):
            if node.lock.silent or (asking.until <= now and not _announces(node)):
                self._asking.pop(node, None)

    def _announce(self, now: float) -> None:
        for node, asking in self._asking.items():
            if _announces(node) and asking.announces_at <= now:
                nwi, _ = node.label.home_ids
                self._say(REQUEST, APPLICATION_UPDATE, bytes([SMART_START, 0, 0]) + nwi + _info(node))
                asking.pause = min(2 * asking.pause, ANNOUNCES_MOST_S)
                asking.announces_at = now + asking.pause

    def _candidate(self) -> Node | None:
        """The device that the stick is waiting for, if it is asking."""
        match self._mode:
            case Mode.ADDING | Mode.REPLACING:
                strangers = [each for each in self._asking if each.lock.memory.node is None]
                return next((each for each in strangers if self._wanted in (None, each.label.home_ids)), None)
            case Mode.REMOVING:
                return next(iter(self._asking), None)
            case Mode.IDLE | Mode.LISTENING | Mode.ENDING:
                return None
            case _ as never:
                assert_never(never)

    def _go_on(self, now: float) -> None:
        if self._course is None:
            node = self._candidate()
            assert node is not None
            self._course = self._course_with(node)
        try:
            self._goes_on_at = now + next(self._course)
        except StopIteration:
            self._course = None

    def _course_with(self, node: Node) -> Course:
        match self._mode:
            case Mode.REMOVING:
                return self._take_out(node)
            case Mode.REPLACING:
                return self._put_in_place(node)
            case _:
                return self._take_in(node)

    # ---- what happens ----

    def _take_in(self, node: Node) -> Course:
        self._tell(Status.FOUND)
        yield self._step
        number = self._building.free_number()
        if number is None or node.lock.quirks.fails_joining:
            self._give_up(node)
            return
        self._tell(Status.SLAVE, number, _info(node))
        yield self._step
        self._admit(node, number)
        self._tell(Status.PROTOCOL_DONE, number)

    def _put_in_place(self, node: Node) -> Course:
        assert self._number is not None
        if node.lock.quirks.fails_joining:
            self._give_up(node)
            return
        yield self._step
        self._admit(node, self._number)
        self._tell(REPLACE_DONE)
        self.reset()

    def _admit(self, node: Node, number: int) -> None:
        self._asking.pop(node, None)
        self._building.join(node, number, self._goes_on_at)
        if self._wanted is not None:
            self._on_trial.add(node)
        self._mode, self._number = Mode.ENDING, number

    def _give_up(self, node: Node) -> None:
        self._asking.pop(node, None)
        self._tell(REPLACE_FAILED if self._mode is Mode.REPLACING else Status.FAILED)
        self._mode, self._number = Mode.ENDING, None

    def _take_out(self, node: Node) -> Course:
        """Also one that is in no network of ours: then there is no number to tell."""
        number = node.lock.memory.node or 0
        self._tell(Status.FOUND)
        yield self._step
        self._tell(Status.SLAVE, number, _info(node))
        yield self._step
        self._asking.pop(node, None)
        if number:
            self._building.leave(node)
        self._mode, self._number = Mode.ENDING, number
        self._tell(Status.DONE, number)


def _announces(node: Node) -> bool:
    """By itself, as long as it is in no network."""
    settings = node.lock.settings
    return node.lock.memory.node is None and settings.smart_start and settings.security is Security.S2


def _info(node: Node) -> bytes:
    """Length, device class and Command Classes."""
    told = controller.LOCK_CLASS + node.classes()
    return bytes([len(told)]) + told


def _nothing(*_told: object) -> None:
    """Nobody is told."""
