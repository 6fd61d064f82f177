from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Rejected
from hub.model.codes import Limits
from hub.model.pins import common_length, draw, trivial


def free(_text: str) -> bool:
    return False


def saying(*numbers: int) -> Callable[[int], int]:
    """Chance that says these numbers, then the last one for ever."""
    said = iter(numbers)
    return lambda below: min(next(said, numbers[-1]), below - 1)


@pytest.mark.parametrize(
    "text",
    [
        "0000",
        "1234",
        "4321",
        "9012",
        "2468",
        "1212",
        "1221",
        "1122",
        "1984",
        "2027",
        "2580",
        "1114",
        "7779",
        "1471",
        "111111",
        "123456",
        "654321",
        "890123",
        "121212",
        "123123",
        "123321",
        "112233",
        "447799",
        "001984",
        "202712",
        "135790",
        "123490",
        "777284",
        "147258",
        "963852",
        "12341234",
        "40404040",
    ],
)
def test_a_pin_that_people_try_first_is_trivial(text: str) -> None:
    assert trivial(text)


@pytest.mark.parametrize("text", ["4071", "8306", "482913", "072846", "960417", "36071582", "14602853"])
def test_an_ordinary_pin_is_not(text: str) -> None:
    assert not trivial(text)


@pytest.mark.parametrize("digits", [4, 5, 6, 7, 8])
def test_most_pins_remain_to_be_drawn(digits: int) -> None:
    chance = random.Random(digits)
    drawn = [f"{chance.randrange(10**digits):0{digits}}" for _ in range(2000)]
    assert sum(map(trivial, drawn)) < 0.3 * len(drawn)


@given(st.integers(4, 10), st.randoms(use_true_random=False))
def test_a_drawn_pin_has_the_length_asked_for_and_is_not_trivial(digits: int, chance: random.Random) -> None:
    pin = draw(chance.randrange, digits=digits, taken=free)
    assert len(pin) == digits
    assert not trivial(pin.reveal())


def test_leading_zeros_count() -> None:
    assert draw(saying(72846), digits=6, taken=free).reveal() == "072846"


def test_a_trivial_draw_is_drawn_again() -> None:
    assert draw(saying(123456, 482913), digits=6, taken=free).reveal() == "482913"


def test_a_taken_pin_is_drawn_again() -> None:
    assert draw(saying(482913, 960417), digits=6, taken={"482913"}.__contains__).reveal() == "960417"


def test_the_last_free_pin_is_found() -> None:
    chance = random.Random(1)
    assert draw(chance.randrange, digits=4, taken=lambda text: text != "8306").reveal() == "8306"


def test_doors_without_a_free_pin_say_so() -> None:
    with pytest.raises(Rejected, match="no free code of 4 digits is left on these doors"):
        draw(random.Random(1).randrange, digits=4, taken=lambda _text: True)


@pytest.mark.parametrize(
    ("limits", "groups"),
    [
        ({}, []),
        ({"a": (4, 8)}, [(6, ("a",))]),
        ({"a": (4, 8), "b": (4, 10)}, [(6, ("a", "b"))]),
        ({"a": (4, 8), "b": (4, 4)}, [(4, ("a", "b"))]),
        ({"a": (4, 8), "b": (7, 9)}, [(7, ("a", "b"))]),
        ({"a": (6, 8), "b": (4, 4)}, [(4, ("b",)), (6, ("a",))]),
        ({"a": (4, 4), "b": (4, 6), "c": (6, 8)}, [(4, ("a", "b")), (6, ("c",))]),
        ({"a": (1, 19)}, [(6, ("a",))]),
    ],
)
def test_doors_share_a_pin_as_far_as_their_limits_allow(
    limits: dict[str, tuple[int, int]], groups: list[tuple[int, tuple[str, ...]]]
) -> None:
    assert common_length({door: Limits(30, low, high) for door, (low, high) in limits.items()}) == groups


@given(st.dictionaries(st.text(max_size=2), st.tuples(st.integers(4, 10), st.integers(4, 10)), max_size=6))
def test_every_door_is_in_one_group_whose_length_it_takes(ranges: dict[str, tuple[int, int]]) -> None:
    limits = {door: Limits(30, min(pair), max(pair)) for door, pair in ranges.items()}
    groups = common_length(limits)
    assert sorted(door for _, group in groups for door in group) == sorted(limits)
    assert all(limits[door].take(length) for length, group in groups for door in group)
    lowest, highest = [each.min_digits for each in limits.values()], [each.max_digits for each in limits.values()]
    assert limits == {} or (len(groups) == 1) == (max(lowest) <= min(highest))


def test_a_lock_that_takes_no_possible_code_is_named() -> None:
    with pytest.raises(Rejected, match="front takes no code"):
        common_length({"front": Limits(30, 11, 12)})
