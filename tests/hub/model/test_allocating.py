"""The allocator against an oracle that tries every PIN."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Rejected
from hub.model.pins import Near, allocate, neighbours, trivial

EVERY = [f"{number:04}" for number in range(10_000)]
PINS = st.text("0123456789", min_size=4, max_size=4)
LIVE = st.lists(st.one_of(PINS, st.text("0123456789", min_size=5, max_size=6)), max_size=60)


def apart(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def allowed(text: str, live: list[str], distance: int) -> bool:
    """As people would say it, slowly."""
    for other in live:
        if len(other) == len(text) and apart(text, other) < distance:
            return False
        if len(other) != len(text) and (other.startswith(text) or text.startswith(other)):
            return False
    return not trivial(text)


def oracle(live: list[str], taken: set[str], distance: int) -> set[str]:
    """Every PIN that would do, at the greatest distance at which there is one."""
    for near in range(distance, 0, -1):
        found = {text for text in EVERY if text not in taken and allowed(text, live, near)}
        if found:
            return found
    return set()


@settings(max_examples=40)
@given(LIVE, st.sets(PINS, max_size=20), st.integers(1, 3), st.integers(0, 2**32))
def test_a_pin_is_found_exactly_where_there_is_one(live: list[str], taken: set[str], distance: int, seed: int) -> None:
    found = oracle(live, taken, distance)
    chance = random.Random(seed).randrange
    if not found:
        with pytest.raises(Rejected):
            allocate(chance, digits=4, live=live, taken=taken.__contains__, distance=distance)
        return
    assert allocate(chance, digits=4, live=live, taken=taken.__contains__, distance=distance).reveal() in found


@pytest.mark.parametrize("crowd", [20, 60])
def test_a_crowded_door_gives_the_farthest_code_that_is_left(crowd: int) -> None:
    """With four digits, a code and all within two digits of it are 523 of 10,000: some thirty codes leave no room for three."""
    chance = random.Random(crowd)
    live: list[str] = []
    for _ in range(crowd):
        live.append(allocate(chance.randrange, digits=4, live=live, taken=lambda _: False, distance=3).reveal())
    assert len(set(live)) == crowd
    assert allocate(chance.randrange, digits=4, live=live, taken=lambda _: False, distance=3).reveal() in oracle(
        live, set(), 3
    )


def test_the_last_pin_of_all_is_found() -> None:
    rest = set(EVERY) - {"8306"}
    assert (
        allocate(random.Random(1).randrange, digits=4, live=(), taken=rest.__contains__, distance=2).reveal() == "8306"
    )
    with pytest.raises(Rejected, match="no free code of 4 digits is left"):
        allocate(random.Random(1).randrange, digits=4, live=EVERY, taken=lambda _: False, distance=2)


@given(LIVE, PINS, st.integers(1, 3))
def test_near_says_what_the_oracle_says(live: list[str], text: str, distance: int) -> None:
    assert (Near(live, 4, distance)(text) or trivial(text)) is not allowed(text, live, distance)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("482913", True),
        ("482910", True),
        ("482900", False),
        ("4829", True),
        ("48291", True),
        ("48291377", True),
        ("829137", False),
    ],
)
def test_a_slip_of_the_finger_opens_nothing(text: str, near: bool) -> None:
    assert Near(["482913"], len(text), 2)(text) is near


def test_every_neighbour_differs_in_one_digit() -> None:
    found = list(neighbours("4829"))
    assert len(found) == len(set(found)) == 36
    assert {apart("4829", each) for each in found} == {1}
