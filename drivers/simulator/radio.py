"""What goes through the air between the stick and its locks, one transmission after the other; time and chance handed in.

Source: INS13954 (500 Series Application Programmers Guide) §4.3.3, named at each function.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, assert_never

from drivers.simulator import controller
from drivers.simulator.air import BEAM_LEAST_S, BEAM_MOST_S, Rate, frame_s
from drivers.simulator.building import Building
from drivers.simulator.faults import Trouble
from drivers.simulator.frames import REQUEST, RESPONSE, Data
from drivers.simulator.locks import Said, SimLock
from drivers.simulator.nodes import Node, Spoken
from drivers.simulator.quirks import Chance, Fate
from drivers.simulator.settings import Config

BROADCAST: Final = 0xFF

COMPLETE_OK: Final = 0x00
COMPLETE_NO_ACK: Final = 0x01
COMPLETE_FAIL: Final = 0x02
"""The air was not free (INS13954 §4.3.3.1.7)."""
JAMMED_DBM: Final = -40
FLOOD: Final = 20
NONCE_GET: Final = b"\x98\x40"
"""Of S0 (SDS10865 §5.2)."""
NODE_INFO_RECEIVED: Final = 0x84
NODE_INFO_FAILED: Final = 0x81
RSSI_NOT_AVAILABLE: Final = 0x7F
LAST_WORKING_ROUTE: Final = 3
"""Routing scheme (INS13954 §4.3.3.1.7)."""
BEAMED_1000_MS: Final = 0x40
"""In the speed of the transmit report, as zwave-js 15 reads it."""
REPEATS_AFTER_S: Final = (4.2, 4.5)
"""The least and the most (zwave-js #9134)."""
QUEUE_MOST: Final = 16
"""Transmissions that wait; a further one is refused (INS13954 §4.3.3.1.6: transmit queue overflow)."""

Say = Callable[[int, int, bytes], None]
"""A frame for the host: kind, function, body."""


@dataclass(frozen=True, slots=True)
class Transmission:
    node: int
    command: bytes
    callback: int
    """0: the host wants none."""
    function: int = controller.SEND_DATA
    """Which one is called back."""
    then: Callable[[int, float], None] | None = None
    """Is told the status and the time when it has ended."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A transmission that has begun."""

    sent: Transmission
    began: float
    beamed: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A transmission reaches its lock, and the radio has decided what becomes of the rest."""

    flight: Flight
    node: Node
    fate: Fate


@dataclass(frozen=True, slots=True)
class End:
    flight: Flight
    status: int


@dataclass(frozen=True, slots=True)
class Departure:
    """A lock wants to say something and waits until the air is free."""

    node: Node
    frame: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """Something for the host."""

    data: Data
    said_by: Node | None = None
    """Who must be in the network still when it arrives."""


@dataclass(frozen=True, slots=True)
class Again:
    """A lock tells the same event a second time."""

    lock: SimLock
    words: Said


Due = Arrival | End | Departure | Frame | Again


@dataclass(slots=True)
class Tally:
    """What has gone through the air since the start."""

    sent: int = 0
    """Transmissions of the stick, acknowledged or not."""
    heard: int = 0
    """Frames of the locks."""
    beams: int = 0
    air_s: float = 0.0
    """Seconds in which the air was not free, beams apart. Only with a `rate`."""


class Radio:
    def __init__(self, building: Building, settings: Config, chance: Chance, trouble: Trouble, say: Say) -> None:
        self._building = building
        self._settings = settings
        self._chance = chance
        self._trouble = trouble
        self._say = say
        self._jammed_until = float("-inf")
        self.pull: Callable[[float], None] = _nobody_pulls
        """What happens when the stick is pulled out in the middle."""
        self._air: list[tuple[float, int, Due]] = []
        self._order = 0
        self._sending: Flight | None = None
        self._waiting: deque[Transmission] = deque()
        self._scripts: dict[Node, deque[Fate]] = {}
        self.failed: set[int] = set()
        """Nodes that did not acknowledge what was last sent to them (INS13954 §4.4.18)."""
        self._free_at = float("-inf")
        self._awake_until: dict[Node, float] = {}
        self.deaf = False
        self.tally = Tally()

    def deadline(self) -> float | None:
        return self._air[0][0] if self._air else None

    def timeout(self, now: float) -> None:
        self._carry_events(now)
        while self._air and self._air[0][0] <= now:
            self._due(heapq.heappop(self._air)[2], now)

    def silence(self) -> None:
        """The stick's transmitter starts afresh."""
        self._air.clear()
        self._sending = None
        self._waiting.clear()
        self.deaf = False

    def later(self, moment: float, function: int, body: bytes) -> None:
        """Tell the host something when it is time."""
        self._at(moment, Frame(Data(REQUEST, function, body)))

    def _at(self, moment: float, what: Due) -> None:
        self._order += 1
        heapq.heappush(self._air, (moment, self._order, what))

    # ---- from the host ----

    def send_data(self, body: bytes, now: float) -> None:
        """INS13954 §4.3.3.1.7: node, length, command, transmit options, callback."""
        whole = len(body) >= 5 and len(body) == body[1] + 4
        accepted = whole and len(self._waiting) < QUEUE_MOST
        self._say(RESPONSE, controller.SEND_DATA, bytes([accepted]))
        if accepted:
            self.probe(Transmission(body[0], body[2:-2], body[-1]), now)

    def probe(self, sent: Transmission, now: float) -> None:
        """Send something when it is its turn. What is not sent by Send Data is between stick and node, not for the lock."""
        self._waiting.append(sent)
        self._next_transmission(now)

    def _next_transmission(self, now: float) -> None:
        if self._sending is not None or not self._waiting:
            return
        sent = self._waiting.popleft()
        self.tally.sent += 1
        node = self._building.nodes.get(sent.node)
        beam = self._beam(node, now)
        flight = self._sending = Flight(sent, now, beamed=beam > 0)
        arrives = self._carry(len(sent.command), now + beam)
        if self._is_jammed(now):
            self._at(max(arrives, now + self._settings.give_up), End(flight, COMPLETE_FAIL))
            return
        if sent.node == BROADCAST:
            self._at(arrives, End(flight, COMPLETE_OK))
            return
        fate = Fate.LOST if node is None else self._fate(node, sent)
        if fate in (Fate.LOST, Fate.ACK_LOST):
            self._at(max(arrives, now + beam + self._settings.give_up), End(flight, COMPLETE_NO_ACK))
        if fate is not Fate.LOST:
            assert node is not None
            self._stays_awake(node, arrives + node.lock.quirks.slow)
            self._at(arrives, Arrival(flight, node, fate))

    def jam(self, until: float) -> None:
        """Somebody else fills the air."""
        self._jammed_until = until

    def _is_jammed(self, now: float) -> bool:
        if self._trouble.happens(self._trouble.faults.jams):
            self.jam(now + self._trouble.faults.jam_s)
        return now < self._jammed_until

    def flood(self, node: Node, now: float) -> None:
        """The lock asks for one S0 nonce after the other."""
        for nth in range(FLOOD):
            self._speak(node, Spoken(NONCE_GET, event=True, words=None), now + nth * self._settings.delay)

    def _fate(self, node: Node, sent: Transmission) -> Fate:
        lock = node.lock
        if lock.silent:
            return Fate.LOST
        if not lock.quirks.touches(sent.command):
            return Fate.OK
        script = self._scripts.setdefault(node, deque(lock.quirks.script))
        if script:
            return script.popleft()
        for fate, likely in (
            (Fate.LOST, lock.quirks.lose_commands),
            (Fate.ACK_LOST, lock.quirks.lose_acks),
            (Fate.ANSWER_LOST, lock.quirks.lose_answers),
        ):
            if self._chance.random() < likely:
                return fate
        return Fate.OK

    # ---- how long it takes ----

    def _carry(self, length: int, ready: float) -> float:
        """When a frame that is ready at this moment has arrived; with a rate, frames and their acknowledgements queue."""
        rate = self._settings.rate
        if rate is None:
            return ready + self._settings.delay
        arrives = max(ready, self._free_at) + frame_s(length, rate)
        self._free_at = arrives + frame_s(0, rate)
        self.tally.air_s += frame_s(length, rate) + frame_s(0, rate)
        return arrives

    def _back(self, now: float) -> float:
        """When the acknowledgement of what arrives now is here."""
        rate = self._settings.rate
        return now + (self._settings.delay if rate is None else frame_s(0, rate))

    def _beam(self, node: Node | None, now: float) -> float:
        """Seconds of beam before the first frame."""
        if node is None or not node.lock.settings.beamed or self._awake_until.get(node, now) > now:
            return 0.0
        self.tally.beams += 1
        return BEAM_LEAST_S + (BEAM_MOST_S - BEAM_LEAST_S) * self._chance.random()

    def _stays_awake(self, node: Node, until: float) -> None:
        self._awake_until[node] = max(self._awake_until.get(node, until), until + node.lock.settings.awake)

    def script(self, node: Node, fates: tuple[Fate, ...]) -> None:
        """What becomes of the next commands to this node."""
        self._scripts[node] = deque(fates)

    def abort(self, _body: bytes, now: float) -> None:
        """INS13954 §4.3.3.7: the transmission under way ends with NO_ACK; what has left has left."""
        if self._sending is None:
            return
        aborted = self._sending
        self._free_at = now
        self._air = [each for each in self._air if not self._belongs(each[2], aborted)]
        heapq.heapify(self._air)
        self._at(now, End(aborted, COMPLETE_NO_ACK))

    @staticmethod
    def _belongs(due: Due, flight: Flight) -> bool:
        return isinstance(due, Arrival | End) and due.flight is flight

    def request_node_info(self, body: bytes, now: float) -> None:
        self._say(RESPONSE, controller.REQUEST_NODE_INFO, b"\x01")
        node = body[0] if body else 0
        known = self._building.nodes.get(node)
        began = now + self._beam(known, now)
        asked = self._carry(1, began)
        if known is None or known.lock.silent:
            failed_at = max(asked, began + self._settings.give_up)
            self.later(failed_at, controller.APPLICATION_UPDATE, bytes([NODE_INFO_FAILED, 0, 0]))
            return
        info = controller.LOCK_CLASS + known.classes()
        told = self._carry(len(info), asked)
        self._stays_awake(known, told)
        self.later(told, controller.APPLICATION_UPDATE, bytes([NODE_INFO_RECEIVED, node, len(info)]) + info)

    # ---- what arrives ----

    def _due(self, due: Due, now: float) -> None:
        match due:
            case Arrival():
                self._arrive(due, now)
            case End():
                self._end(due, now)
            case Departure():
                self._depart(due, now)
            case Frame():
                if due.said_by is None or self._there(due.said_by):
                    self._say(due.data.kind, due.data.function, due.data.body)
            case Again():
                due.lock.said.append(due.words)
                self._carry_events(now)
            case _ as never:
                assert_never(never)

    def _arrive(self, arrival: Arrival, now: float) -> None:
        """The lock hears; its acknowledgement, its answers and what it tells set out, in the order its quirks want."""
        flight, node = arrival.flight, arrival.node
        if not self._there(node):
            self._at(now + self._settings.give_up, End(flight, COMPLETE_NO_ACK))
            return
        quirks = node.lock.quirks
        happens, faults = self._trouble.happens, self._trouble.faults
        if flight.sent.function == controller.SEND_DATA:
            node.receive(flight.sent.command, now)
            if quirks.stops and self._chance.random() < quirks.stops:
                node.lock.silence(silent=True)
            if happens(faults.unplugs):
                self.pull(now)
                return
            if happens(faults.floods):
                self.flood(node, now)
        said = node.take(now)
        if arrival.fate is Fate.ANSWER_LOST:
            said = [each for each in said if each.event]
        back = self._back(now)
        reply_first = quirks.reply_first or happens(faults.early_answers)
        ready = now if reply_first else back + quirks.slow
        if arrival.fate is not Fate.ACK_LOST and not reply_first:
            self._at(back, End(flight, COMPLETE_OK))
        for nth, each in enumerate(said):
            self._speak(node, each, ready + nth * self._settings.delay)
        if arrival.fate is not Fate.ACK_LOST and reply_first:
            self._at(max(back, self._free_at), End(flight, COMPLETE_OK))

    def _end(self, end: End, now: float) -> None:
        flight = end.flight
        sent = flight.sent
        if end.status == COMPLETE_OK:
            self.failed.discard(sent.node)
        elif sent.node in self._building.table:
            self.failed.add(sent.node)
        if sent.callback and not self._trouble.happens(self._trouble.faults.lost_callbacks):
            self._say(REQUEST, sent.function, bytes([sent.callback, end.status]) + self._report(end, now))
        if sent.then is not None:
            sent.then(end.status, now)
        if self._sending is flight:
            self._sending = None
            self._next_transmission(now)

    def _report(self, end: End, now: float) -> bytes:
        """Transmit report (INS13954 §4.3.3.1.7): ticks, repeaters, signals, channels, scheme, route, speed, tries, link."""
        ticks = min(round(100 * (now - end.flight.began)), 0xFFFF).to_bytes(2, "big")
        node = self._building.nodes.get(end.flight.sent.node)
        heard = node is not None and end.status == COMPLETE_OK
        signal = node.lock.settings.rssi & 0xFF if node is not None and heard else RSSI_NOT_AVAILABLE
        route = () if node is None else node.lock.settings.repeaters
        signals = [signal, *([signal] * len(route) if heard else [])]
        speed = (self._settings.rate or Rate.FAST).speed | (BEAMED_1000_MS if end.flight.beamed else 0)
        return (
            ticks
            + bytes([len(route), *signals]).ljust(6, bytes([RSSI_NOT_AVAILABLE]))
            + bytes([0, 0, LAST_WORKING_ROUTE])
            + bytes(route).ljust(4, b"\x00")
            + bytes([speed, 1, 0, 0])
        )

    def noise(self, now: float) -> tuple[int, int, int]:
        """dBm of each channel when the stick listens."""
        return (JAMMED_DBM if now < self._jammed_until else self._settings.noise,) * 3

    def _carry_events(self, now: float) -> None:
        """What locks say of their own accord: by hand, by clock, or the end of a supervised motion."""
        for node in self._building.nodes.values():
            for each in node.take(now):
                self._speak(node, each, now)

    def _speak(self, node: Node, spoken: Spoken, departs: float) -> None:
        lock = node.lock
        if lock.silent or (spoken.event and self._chance.random() < lock.quirks.lose_events):
            return
        departure = Departure(node, spoken.frame)
        if self._settings.rate is None:
            self._depart(departure, departs)
        else:
            self._at(departs, departure)
        words = spoken.words
        if words is None or not words.event or words.again:
            return
        if self._chance.random() < lock.quirks.repeat_events:
            least, most = REPEATS_AFTER_S
            self._at(departs + least + (most - least) * self._chance.random(), Again(lock, replace(words, again=True)))

    def _depart(self, departure: Departure, now: float) -> None:
        if not self._there(departure.node):
            return
        self.tally.heard += 1
        arrives = self._carry(len(departure.frame), now)
        self._stays_awake(departure.node, arrives)
        if not self.deaf and now >= self._jammed_until:
            self._at(arrives, self._from(departure.node, departure.frame))

    def _there(self, node: Node) -> bool:
        """It may have been taken out since."""
        number = node.lock.memory.node
        return number is not None and self._building.nodes.get(number) is node

    def _from(self, node: Node, command: bytes) -> Frame:
        """INS13954 §4.3.1.5: status, source, length, command, signal."""
        number = node.lock.memory.node
        assert number is not None  # who is in no network is not heard
        told = bytes([0, number, len(command)]) + command + bytes([node.lock.settings.rssi & 0xFF])
        return Frame(Data(REQUEST, controller.APPLICATION_COMMAND, told), node)


def _nobody_pulls(_now: float) -> None:
    """Until a stick says what follows."""
