"""The map of a radio network: where each device stands on the page, and what the lines between them look like.

Nothing is known of the house's rooms: devices that are heard directly stand near the stick, the others behind those that
pass their frames on. Drawn 360 units wide, so that its words can be read on a telephone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from hub.contracts.radio import NodeState, RadioNode, Survey
from hub.model.values import Address

WIDTH: Final = 360.0
_AROUND: Final = 6
"""So many have room around the stick; the others stand in rows above and beneath them."""
_WIDE: Final = 14
"""With more than so many, a row has three instead of two."""
_ACROSS: Final = 112.0
_DOWN: Final = 104.0
_COLUMN: Final = 116.0
_ROW: Final = 92.0
_STICK: Final = 26.0
_SPOT: Final = 18.0
_WORDS: Final = 36.0
"""What two lines of words take above or beneath a spot."""
_LONGEST: Final = 14

# Source: zwave-js, docs/api/node.md "checkLifelineHealth": a good link is heard at least 17 dB above the noise.
GOOD_MARGIN_DB: Final = 17
FAIR_MARGIN_DB: Final = 8
"""About half of it: enough until somebody parks a car in the way."""
QUIET_DBM: Final = -100
"""What is taken for the noise where the stick does not measure it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A device on the map, and where its two lines of words stand: away from the stick, so that no line crosses them."""

    address: Address
    name: str
    note: str
    signal: str
    is_lock: bool
    x: float
    y: float
    name_y: float
    note_y: float


@dataclass(frozen=True, slots=True)
class Line:
    """Between two spots: `good`, `fair`, `weak`, `unknown` or `dead` where frames go, `near` where they only could."""

    signal: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Map:
    top: float
    height: float
    stick: tuple[float, float]
    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    sentence: str
    """What it shows, for those who do not see it."""


def signal_of(node: RadioNode, noise_dbm: Sequence[int]) -> str:
    """How well a device is heard: `good`, `fair`, `weak`, `unknown`; `dead` where it does not answer at all."""
    if node.state is NodeState.DEAD:
        return "dead"
    if node.rssi_dbm is None:
        return "unknown"
    margin = node.rssi_dbm - max(noise_dbm, default=QUIET_DBM)
    if margin >= GOOD_MARGIN_DB:
        return "good"
    return "fair" if margin >= FAIR_MARGIN_DB else "weak"


def draw(survey: Survey, names: Mapping[Address, str]) -> Map:
    """The stick stands at 0 from the top and bottom, in the middle of the width."""
    middle = (WIDTH / 2, 0.0)
    places = _places(survey.nodes)
    spots = tuple(_spot(node, names, survey.noise_dbm, places[node.address]) for node in survey.nodes)
    if survey.own is not None:
        places[survey.own] = middle
    top = min((min(spot.y - _SPOT, spot.name_y - 14) for spot in spots), default=0.0)
    bottom = max((max(spot.y + _SPOT, spot.note_y + 6) for spot in spots), default=0.0)
    top, bottom = min(top, -_STICK) - 4, max(bottom, _STICK) + 4
    lines = tuple(_lines(survey, places, middle))
    return Map(round(top, 1), round(bottom - top, 1), middle, spots, lines, _sentence(spots))


def _places(nodes: Sequence[RadioNode]) -> dict[Address, tuple[float, float]]:
    """Those that are heard directly around the stick; the others in the free seat that is nearest to who repeats for them."""
    there = {node.address for node in nodes}
    order = sorted(nodes, key=lambda node: (len(node.route), node.state is NodeState.DEAD, _number(node.address)))
    direct = [node for node in order if not (node.route and node.route[-1] in there)]
    near, others = direct[:_AROUND], direct[_AROUND:]
    # Turned a little where others stand behind them, so that no line leads through anybody.
    turn = 0.0 if others else 0.5
    places = {node.address: _around(seat + turn, len(near)) for seat, node in enumerate(near)}
    seats = _rows(len(nodes))
    for node in [*(node for node in order if node not in direct), *others]:
        pole = places.get(node.route[-1], seats[0]) if node.route else seats[0]
        seat = min(seats, key=lambda seat: math.dist(seat, pole))
        seats.remove(seat)
        places[node.address] = seat
    return places


def _number(address: Address) -> tuple[int, str]:
    return (int(address) if address.isdecimal() else 0, address)


def _around(seat: float, seats: int) -> tuple[float, float]:
    angle = 2 * math.pi * seat / seats - math.pi / 2
    return round(WIDTH / 2 + _ACROSS * math.cos(angle), 1), round(_DOWN * math.sin(angle), 1)


def _rows(most: int) -> list[tuple[float, float]]:
    """Seats for at least so many, the nearest to the stick first."""
    columns = (-1, 1) if most <= _WIDE else (0, -1, 1)
    return [
        (WIDTH / 2 + column * _COLUMN, side * (_DOWN + _ROW * row))
        for row in range(1, most // (2 * len(columns)) + 2)
        for column in columns
        for side in (-1, 1)
    ]


def _spot(node: RadioNode, names: Mapping[Address, str], noise: Sequence[int], place: tuple[float, float]) -> Spot:
    name = names.get(node.address) or node.model or f"Node {node.address}"
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"
    signal = signal_of(node, noise)
    x, y = place
    above = y < -_SPOT
    name_y = y - _SPOT - _WORDS / 2 - 1 if above else y + _SPOT + 15
    return Spot(node.address, short, _note(node, signal), signal, node.is_lock, x, y, name_y, name_y + 13)


def _note(node: RadioNode, signal: str) -> str:
    match node.state:
        case NodeState.DEAD:
            return "no answer"
        case NodeState.NOT_MET:
            return "not met yet"
    return "not measured" if signal == "unknown" else f"{node.rssi_dbm} dBm".replace("-", "−")


def _lines(
    survey: Survey, places: Mapping[Address, tuple[float, float]], middle: tuple[float, float]
) -> Iterator[Line]:
    drawn: set[frozenset[Address | None]] = set()
    own = survey.own
    ways = []
    for node in survey.nodes:
        way: list[Address | None] = [own, *node.route, node.address]
        for start, end in pairwise(way):
            pair = frozenset({start, end})
            there = places.get(end) if end is not None else middle
            here = places.get(start, middle) if start is not None else middle
            if there is not None and pair not in drawn:
                drawn.add(pair)
                signal = signal_of(node, survey.noise_dbm) if end == node.address else "unknown"
                ways.append(Line(signal, *here, *there))
    for node in survey.nodes:
        for other in sorted(node.neighbours):
            pair = frozenset({node.address, other})
            if pair not in drawn and other in places:
                drawn.add(pair)
                yield Line("near", *places[node.address], *places[other])
    yield from ways


def _sentence(spots: Sequence[Spot]) -> str:
    if not spots:
        return "The stick, and no device yet."
    words = {
        "good": "heard well",
        "fair": "heard fairly",
        "weak": "heard weakly",
        "unknown": "not measured",
        "dead": "silent",
    }
    counted = [(sum(spot.signal == signal for spot in spots), word) for signal, word in words.items()]
    told = ", ".join(f"{number} {word}" for number, word in counted if number)
    return f"The stick in the middle and {len(spots)} devices around it: {told}. The table below says the same."
