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
from drivers.simulator.building import Building
from drivers.simulator.frames import REQUEST, RESPONSE, Data
from drivers.simulator.locks import Said, SimLock
from drivers.simulator.nodes import Node, Spoken
from drivers.simulator.quirks import Chance, Fate
from drivers.simulator.settings import Config

BROADCAST: Final = 0xFF

COMPLETE_OK: Final = 0x00
COMPLETE_NO_ACK: Final = 0x01
NODE_INFO_RECEIVED: Final = 0x84
NODE_INFO_FAILED: Final = 0x81
RSSI: Final = 0xC4
"""-60 dBm."""
RSSI_NOT_AVAILABLE: Final = 0x7F
REPEATS_AFTER_S: Final = 4.3
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A transmission reaches its lock, and the radio has decided what becomes of the rest."""

    sent: Transmission
    fate: Fate


@dataclass(frozen=True, slots=True)
class End:
    sent: Transmission
    status: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Something for the host."""

    data: Data


@dataclass(frozen=True, slots=True)
class Again:
    """A lock tells the same event a second time."""

    lock: SimLock
    words: Said


Due = Arrival | End | Frame | Again


class Radio:
    def __init__(self, building: Building, settings: Config, chance: Chance, say: Say) -> None:
        self._building = building
        self._settings = settings
        self._chance = chance
        self._say = say
        self._air: list[tuple[float, int, Due]] = []
        self._order = 0
        self._sending: Transmission | None = None
        self._waiting: deque[Transmission] = deque()
        self._scripts = {node: deque(lock.quirks.script) for node, lock in building.locks.items()}

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
            self._waiting.append(Transmission(body[0], body[2:-2], body[-1]))
            self._next_transmission(now)

    def _next_transmission(self, now: float) -> None:
        if self._sending is not None or not self._waiting:
            return
        sent = self._sending = self._waiting.popleft()
        delay = self._settings.delay
        if sent.node == BROADCAST:
            self._at(now + delay, End(sent, COMPLETE_OK))
            return
        lock = self._building.locks.get(sent.node)
        fate = Fate.LOST if lock is None else self._fate(lock, sent)
        if fate in (Fate.LOST, Fate.ACK_LOST):
            self._at(now + max(delay, self._settings.give_up), End(sent, COMPLETE_NO_ACK))
        if fate is not Fate.LOST:
            self._at(now + delay, Arrival(sent, fate))

    def _fate(self, lock: SimLock, sent: Transmission) -> Fate:
        if lock.silent:
            return Fate.LOST
        if not lock.quirks.touches(sent.command):
            return Fate.OK
        script = self._scripts[sent.node]
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

    def script(self, node: int, fates: tuple[Fate, ...]) -> None:
        """What becomes of the next commands to this node."""
        self._scripts[node] = deque(fates)

    def abort(self, now: float) -> None:
        """INS13954 §4.3.3.7: the transmission under way ends with NO_ACK; what has left has left."""
        if self._sending is None:
            return
        aborted = self._sending
        self._air = [each for each in self._air if not self._belongs(each[2], aborted)]
        heapq.heapify(self._air)
        self._at(now, End(aborted, COMPLETE_NO_ACK))

    @staticmethod
    def _belongs(due: Due, sent: Transmission) -> bool:
        return isinstance(due, Arrival | End) and due.sent is sent

    def request_node_info(self, body: bytes, now: float) -> None:
        self._say(RESPONSE, controller.REQUEST_NODE_INFO, b"\x01")
        node = body[0] if body else 0
        known = self._building.nodes.get(node)
        if known is None or known.lock.silent:
            failed_at = now + max(self._settings.delay, self._settings.give_up)
            self.later(failed_at, controller.APPLICATION_UPDATE, bytes([NODE_INFO_FAILED, 0, 0]))
            return
        info = controller.LOCK_CLASS + known.classes()
        told = bytes([NODE_INFO_RECEIVED, node, len(info)]) + info
        self.later(now + 2 * self._settings.delay, controller.APPLICATION_UPDATE, told)

    # ---- what arrives ----

    def _due(self, due: Due, now: float) -> None:
        match due:
            case Arrival():
                self._arrive(due, now)
            case End():
                self._end(due, now)
            case Frame():
                self._say(due.data.kind, due.data.function, due.data.body)
            case Again():
                due.lock.said.append(due.words)
                self._carry_events(now)
            case _ as never:
                assert_never(never)

    def _arrive(self, arrival: Arrival, now: float) -> None:
        """The lock hears; its acknowledgement, its answers and what it tells set out, in the order its quirks want."""
        sent, delay = arrival.sent, self._settings.delay
        node = self._building.nodes[sent.node]
        quirks = node.lock.quirks
        node.receive(sent.command, now)
        said = node.take(now)
        if arrival.fate is Fate.ANSWER_LOST:
            said = [each for each in said if each.event]
        back = now + delay
        spoken = back if quirks.reply_first else back + delay + quirks.slow
        if arrival.fate is not Fate.ACK_LOST and not quirks.reply_first:
            self._at(back, End(sent, COMPLETE_OK))
        for nth, each in enumerate(said):
            self._speak(node, each, spoken + nth * delay)
        if arrival.fate is not Fate.ACK_LOST and quirks.reply_first:
            self._at(back, End(sent, COMPLETE_OK))

    def _end(self, end: End, now: float) -> None:
        sent = end.sent
        if sent.callback:
            self._say(REQUEST, controller.SEND_DATA, bytes([sent.callback, end.status]) + self._report(end.status))
        if self._sending is sent:
            self._sending = None
            self._next_transmission(now)

    def _report(self, status: int) -> bytes:
        """Transmit report (INS13954 §4.3.3.1.7): ticks, no repeaters, signal, channels, scheme, route, speed, tries, link."""
        ticks = round(200 * self._settings.delay).to_bytes(2, "big")
        heard = RSSI if status == COMPLETE_OK else RSSI_NOT_AVAILABLE
        signal = bytes([0, heard]) + bytes([RSSI_NOT_AVAILABLE]) * 4
        return ticks + signal + bytes([0, 0, 3]) + bytes(4) + bytes([3, 1, 0, 0])

    def _carry_events(self, now: float) -> None:
        """What locks say of their own accord: by hand, by clock, or the end of a supervised motion."""
        for node in self._building.nodes.values():
            for each in node.take(now):
                self._speak(node, each, now + self._settings.delay)

    def _speak(self, node: Node, spoken: Spoken, moment: float) -> None:
        lock = node.lock
        if lock.silent or (spoken.event and self._chance.random() < lock.quirks.lose_events):
            return
        self._at(moment, self._from(lock.settings.node, spoken.frame))
        words = spoken.words
        if words is None or not words.event or words.again:
            return
        if self._chance.random() < lock.quirks.repeat_events:
            self._at(moment + REPEATS_AFTER_S - self._settings.delay, Again(lock, replace(words, again=True)))

    def _from(self, node: int, command: bytes) -> Frame:
        """INS13954 §4.3.1.5: status, source, length, command, signal."""
        return Frame(
            Data(REQUEST, controller.APPLICATION_COMMAND, bytes([0, node, len(command)]) + command + bytes([RSSI]))
        )
