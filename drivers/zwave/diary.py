"""What went over the air: counted for every node, and the last frames in words. Holds no digits and no keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from drivers.zwave.functions import Transmitted
from drivers.zwave.stick import Sent
from drivers.zwave.words import words

KEPT = 500
"""Lines of the trace; some 60 kB. Thirty codes with all their nonces fit in."""
IDLE_WINDOW = timedelta(days=1)
_SLICE = timedelta(minutes=10)


class Order(Enum):
    """Whose doing a frame is."""

    CODE = "setting a code, or reading back one that was set"
    OTHER = "something else that the hub was asked to do"


@dataclass(slots=True)
class Contact:
    """One node's share."""

    sent: int = 0
    lost: int = 0
    heard: int = 0
    heard_at: datetime | None = None
    rssi_dbm: int | None = None
    route: tuple[int, ...] = ()
    rate_kbit: float | None = None
    neighbours: frozenset[int] = frozenset()


class _Recent:
    """How many of something there were in the last `IDLE_WINDOW`, within a `_SLICE`."""

    def __init__(self) -> None:
        self._slices: deque[tuple[datetime, int]] = deque()

    def add(self, at: datetime) -> None:
        self._forget(at)
        if self._slices and at - self._slices[-1][0] < _SLICE:
            since, count = self._slices.pop()
            self._slices.append((since, count + 1))
        else:
            self._slices.append((at, 1))

    def count(self, at: datetime) -> int:
        self._forget(at)
        return sum(count for _, count in self._slices)

    def _forget(self, at: datetime) -> None:
        while self._slices and at - self._slices[0][0] >= IDLE_WINDOW:
            self._slices.popleft()


class Diary:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self.since: datetime | None = None
        self.codes_set = 0
        self.code_frames = 0
        self._now = now
        self._idle = _Recent()
        self._contacts: dict[int, Contact] = {}
        self._orders: dict[int, list[Order]] = {}
        self._lines: deque[str] = deque(maxlen=KEPT)

    # ---- what is asked of it ---------------------------------------------------------------------------------------

    @property
    def idle_frames(self) -> int:
        return self._idle.count(self._now())

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(self._lines)

    def contact(self, node: int) -> Contact:
        return self._contacts.setdefault(node, Contact())

    def forget(self, node: int) -> None:
        self._contacts.pop(node, None)

    def begin(self) -> None:
        self.since = self.since or self._now()

    # ---- what it is told -------------------------------------------------------------------------------------------

    @contextmanager
    def order(self, node: int, order: Order) -> Iterator[None]:
        """Frames to and from the node are the order's until it ends."""
        under_way = self._orders.setdefault(node, [])
        under_way.append(order)
        try:
            yield
        finally:
            under_way.remove(order)

    def sent(self, node: int, command: bytes, sent: Sent | None) -> None:
        """`sent` None: the stick did not say what became of it."""
        contact = self.contact(node)
        contact.sent += 1
        report = sent.report if sent is not None else None
        arrived = sent is not None and sent.outcome in {Transmitted.OK, Transmitted.VERIFIED}
        contact.lost += not arrived
        if arrived and report is not None:
            contact.route = report.repeaters
            contact.rssi_dbm = report.rssi_dbm if report.rssi_dbm is not None else contact.rssi_dbm
            contact.rate_kbit = report.rate_kbit or contact.rate_kbit
        self._count(node)
        self._write(f"to {node}: {words(command)} · {_became(sent)}")

    def heard(self, node: int, command: bytes) -> None:
        contact = self.contact(node)
        contact.heard += 1
        contact.heard_at = self._now()
        self._count(node)
        self._write(f"from {node}: {words(command)}")

    def inside(self, way: str, node: int, command: bytes) -> None:
        """What an encrypted message holds; the message itself is told by `sent` and `heard`."""
        self._write(f"{way} {node}, encrypted: {words(command)}")

    def note(self, sentence: str) -> None:
        self._write(sentence)

    def _count(self, node: int) -> None:
        orders = self._orders.get(node)
        if not orders:
            self._idle.add(self._now())
        elif orders[-1] is Order.CODE:
            self.code_frames += 1

    def _write(self, line: str) -> None:
        self._lines.append(f"{self._now():%Y-%m-%d %H:%M:%S.%f}"[:-3] + f"  {line}")


def _became(sent: Sent | None) -> str:
    if sent is None:
        return "the stick did not say what became of it"
    if sent.aborted:
        return "given up for something urgent"
    report = sent.report
    match sent.outcome:
        case Transmitted.OK | Transmitted.VERIFIED:
            told = "arrived"
        case Transmitted.NO_ACK:
            told = "not acknowledged"
        case Transmitted.FAIL | Transmitted.NOT_IDLE:
            told = "not sent, the air was busy"
        case _:
            told = "not sent, no route"
    if report is None:
        return told
    details = [f"{told} after {report.ticks * 10} ms"]
    if report.repeaters:
        details.append("over " + ", ".join(str(node) for node in report.repeaters))
    if report.rssi_dbm is not None:
        details.append(f"{report.rssi_dbm} dBm")
    if report.rate_kbit is not None:
        details.append(f"{report.rate_kbit:g} kbit/s")
    return ", ".join(details)
