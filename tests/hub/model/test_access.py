from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.model.access import said, when, who
from hub.model.values import How

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "slot", "said_to_be"),
    [
        ("Ada Lovelace", 4, "Ada Lovelace"),
        ("", 4, "a guest without a name, slot 4"),
        (None, 4, "a code that is not ours, slot 4"),
        (None, None, "a code, not known which"),
    ],
)
def test_a_code_at_the_keypad_names_the_guest_who_held_the_slot(
    name: str | None, slot: int | None, said_to_be: str
) -> None:
    assert who(How.KEYPAD, name, slot=slot) == said_to_be


@pytest.mark.parametrize("how", [how for how in How if how is not How.KEYPAD])
def test_no_other_way_in_ever_gets_a_guests_name(how: How) -> None:
    assert "Ada" not in who(how, "Ada Lovelace", slot=4)
    assert who(how, "Ada Lovelace", slot=4)


def test_a_line_says_who_how_and_when_in_the_time_of_the_house() -> None:
    at = datetime(2027, 7, 5, 13, 2, 59, tzinfo=UTC)
    assert said(How.KEYPAD, "Ada", at, BERLIN) == ("Ada", "code at the keypad", "2027-07-05 15:02")


def test_the_hour_that_the_clocks_show_twice_is_told_apart() -> None:
    assert when(datetime(2027, 10, 31, 0, 30, tzinfo=UTC), BERLIN) == "2027-10-31 02:30 UTC+02:00"
    assert when(datetime(2027, 10, 31, 1, 30, tzinfo=UTC), BERLIN) == "2027-10-31 02:30 UTC+01:00"


def test_the_hour_that_the_clocks_skip_needs_no_telling_apart() -> None:
    assert when(datetime(2027, 3, 28, 1, 0, tzinfo=UTC), BERLIN) == "2027-03-28 03:00"
