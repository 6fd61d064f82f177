"""Drawing PINs: random, not guessable at a glance, not near another, and one for as many of a stay's doors as can take it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, combinations, pairwise
from typing import Final, TypeVar

from hub.errors import Rejected
from hub.model.codes import Limits
from hub.model.slots import LONGEST, SHORTEST
from hub.model.values import Pin

Door = TypeVar("Door")

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
    return allocate(rng_below, digits=digits, live=(), taken=taken, distance=1)


def allocate(
    rng_below: Callable[[int], int], *, digits: int, live: Iterable[str], taken: Callable[[str], bool], distance: int
) -> Pin:
    """As `draw`, and at least so many digits away from every code that is live; nearer only where there is no room else.

    Args:
        live: digits that a door of the stay has, or is about to have, of whatever length.
        taken: whether it has those digits otherwise: codes of which only the tag is known.

    Raises:
        Rejected: no such PIN is left on these doors, however near.
    """
    others = tuple(live)
    return allocate_apart(
        rng_below, digits=digits, near=lambda apart: Near(others, digits, apart), taken=taken, distance=distance
    )


def allocate_apart(
    rng_below: Callable[[int], int],
    *,
    digits: int,
    near: Callable[[int], Callable[[str], bool]],
    taken: Callable[[str], bool],
    distance: int,
) -> Pin:
    """As `allocate`, where it is known already what is nearer than so many digits to a code that is live."""
    for apart in range(min(distance, digits - 1), 0, -1):
        too_near = near(apart)
        text = _found(rng_below, digits, lambda text, near=too_near: not near(text) and not taken(text))  # type: ignore[misc]
        if text is not None:
            return Pin(text)
    raise Rejected(f"no free code of {digits} digits is left on these doors")


def _found(rng_below: Callable[[int], int], digits: int, good: Callable[[str], bool]) -> str | None:
    count = 10**digits
    drawn = (rng_below(count) for _ in range(_DRAWS))
    texts = chain((f"{number:0{digits}}" for number in drawn), _walk(rng_below, digits))
    return next((text for text in texts if not trivial(text) and good(text)), None)


def _walk(rng_below: Callable[[int], int], digits: int) -> Iterator[str]:
    count = 10**digits
    start = rng_below(count)
    return (f"{(start + step * _STRIDE) % count:0{digits}}" for step in range(min(_WALK, count)))


class Near:
    """Whether a code of so many digits is too near to any of these: a slip of the finger away, or the beginning of it.

    Two codes differ in fewer than n digits if they are alike in all but some n - 1 places. So each code is kept once for each
    choice of such places, and a door with 250 codes is asked no longer than one with a single code.
    """

    def __init__(self, codes: Iterable[str], digits: int, distance: int) -> None:
        self._places = list(combinations(range(digits), distance - 1))
        self._alike: set[str] = set()
        self._shorter: set[str] = set()
        self._longer: set[str] = set()
        self._digits = digits
        self._lengths: set[int] = set()
        for code in codes:
            self.add(code)

    def add(self, code: str) -> None:
        if len(code) == self._digits:
            self._alike.update(self._blanked(code))
        elif len(code) < self._digits:
            self._shorter.add(code)
            self._lengths.add(len(code))
        else:
            self._longer.add(code[: self._digits])

    def __call__(self, text: str) -> bool:
        begins = any(text[:length] in self._shorter for length in self._lengths)
        return begins or text in self._longer or any(blanked in self._alike for blanked in self._blanked(text))

    def _blanked(self, code: str) -> Iterator[str]:
        for places in self._places:
            blanked = list(code)
            for place in places:
                blanked[place] = "."
            yield "".join(blanked)


def neighbours(text: str) -> Iterator[str]:
    """Every code that differs in one digit."""
    for place, digit in enumerate(text):
        for other in "0123456789":
            if other != digit:
                yield f"{text[:place]}{other}{text[place + 1 :]}"


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
