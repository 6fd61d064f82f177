"""Drawing PINs: random, not guessable at a glance, and one for as many of a stay's doors as can take the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Final, TypeVar

from hub.errors import Rejected
from hub.model.codes import Limits
from hub.model.values import Pin

Door = TypeVar("Door")

SHORTEST: Final = 4
LONGEST: Final = 10

_DRAWS: Final = 200
_WALK: Final = 10_000
"""Every PIN of four digits: where few are left, chance alone would hardly find them."""
_STRIDE: Final = 6_180_339
"""Shares no factor with a power of ten, so that the walk meets no PIN twice."""

_YEAR: Final = re.compile(r"19\d\d|20\d\d")
_TRIPLE: Final = re.compile(r"(\d)\1\1")
_PAIRS: Final = re.compile(r"((\d)\2)+")
_REPEATED: Final = re.compile(r"(\d+)\1+\d?")
_COLUMNS: Final = ("147", "258", "369", "2580")
"""Straight lines on a keypad."""


def draw(rng_below: Callable[[int], int], *, digits: int, taken: Callable[[str], bool]) -> Pin:
    """A PIN that is neither trivial nor taken.

    Args:
        rng_below: a random number from 0 up to, not including, its argument; from a CSPRNG.
        taken: whether a door of the stay has, or is about to have, those digits.

    Raises:
        Rejected: no such PIN is left on these doors.
    """
    count = 10**digits
    for _ in range(_DRAWS):
        text = f"{rng_below(count):0{digits}}"
        if not trivial(text) and not taken(text):
            return Pin(text)
    start = rng_below(count)
    for step in range(min(_WALK, count)):
        text = f"{(start + step * _STRIDE) % count:0{digits}}"
        if not trivial(text) and not taken(text):
            return Pin(text)
    raise Rejected(f"no free code of {digits} digits is left on these doors")


def trivial(text: str) -> bool:
    """Whether a PIN is among those that people try first."""
    return (
        len(set(text)) < 3
        or text == text[::-1]
        or _has_run(text)
        or any(line in text or line[::-1] in text for line in _COLUMNS if 2 * len(line) >= len(text))
        or any(pattern.search(text) for pattern in (_YEAR, _TRIPLE))
        or any(pattern.fullmatch(text) for pattern in (_PAIRS, _REPEATED))
    )


def _has_run(text: str) -> bool:
    """Four digits in even steps, as in 1234, 8901, 9753."""
    steps = [(int(after) - int(before)) % 10 for before, after in pairwise(text)]
    return any(steps[i] == steps[i + 1] == steps[i + 2] for i in range(len(steps) - 2))


def common_length(limits: Mapping[Door, Limits], *, wanted: int = 6) -> list[tuple[int, tuple[Door, ...]]]:
    """Which doors can share a PIN, and how long it is: `wanted` unless a lock's own limits demand otherwise.

    One group where all limits overlap, else as few as possible.

    Raises:
        Rejected: a lock takes no code of a length that we can make.
    """
    ranges = {door: (max(each.min_digits, SHORTEST), min(each.max_digits, LONGEST)) for door, each in limits.items()}
    for door, (low, high) in ranges.items():
        if low > high:
            raise Rejected(f"{door} takes no code of {SHORTEST} to {LONGEST} digits")
    groups: list[tuple[int, tuple[Door, ...]]] = []
    left = dict(ranges)
    while left:
        reach = min(high for _, high in left.values())
        group = tuple(door for door, (low, _) in left.items() if low <= reach)
        groups.append((_nearest(wanted, (ranges[door] for door in group)), group))
        left = {door: each for door, each in left.items() if door not in group}
    return groups


def _nearest(wanted: int, ranges: Iterable[tuple[int, int]]) -> int:
    lows, highs = zip(*ranges, strict=True)
    return int(min(max(wanted, *lows), *highs))
