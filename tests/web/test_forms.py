"""Forms: what was typed becomes a value, or one sentence per field; input is never lost."""

from __future__ import annotations

from datetime import date, time

import pytest
from pydantic import Field, model_validator

from web.forms import Form, blank, read


class Booking(Form):
    guest: str = Field(title="The guest's name", max_length=10)
    arrival: date = Field(title="The day of arrival")
    check_in: time | None = Field(default=None, title="From")
    guests: int = Field(default=2, title="The number of guests")
    doors: list[str] = Field(default=[], title="A door")

    @model_validator(mode="after")
    def _somebody(self) -> Booking:
        if self.guest == "nobody":
            raise ValueError("Nobody cannot come.")
        return self


GOOD = {"guest": "Anna", "arrival": "2026-11-20"}


def test_a_right_form_becomes_a_value() -> None:
    form = read(Booking, GOOD | {"check_in": "15:00"}, doors=["front", "flat"])
    assert form.errors == {}
    assert form.value == Booking(guest="Anna", arrival=date(2026, 11, 20), check_in=time(15), doors=["front", "flat"])


def test_an_empty_field_counts_as_not_given() -> None:
    form = read(Booking, GOOD | {"check_in": "  ", "guests": ""})
    assert form.value is not None
    assert (form.value.check_in, form.value.guests) == (None, 2)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"guest": ""}, "guest", "The guest's name is needed."),
        ({"guest": "a" * 11}, "guest", "The guest's name can have 10 characters at most."),
        ({"arrival": "31 February"}, "arrival", "The day of arrival: write the day like 2026-11-21."),
        ({"arrival": "2026-02-31"}, "arrival", "The day of arrival: write the day like 2026-11-21."),
        ({"check_in": "three"}, "check_in", "From: write the time like 15:00."),
        ({"guests": "many"}, "guests", "The number of guests: write a whole number."),
        ({"guest": "nobody"}, "", "Nobody cannot come."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_with_the_cure(typed: dict[str, str], field: str, sentence: str) -> None:
    form = read(Booking, GOOD | typed)
    assert form.value is None
    assert form.errors == {field: sentence}


def test_what_was_typed_is_kept_when_it_is_wrong() -> None:
    form = read(Booking, {"guest": "Anna", "arrival": "soon"}, doors=["front", "flat"])
    assert form.input == {"guest": "Anna", "arrival": "soon", "doors": "front flat"}


def test_a_form_can_be_refused_for_a_reason_that_only_the_hub_knows() -> None:
    form = read(Booking, GOOD).refused("somebody else stays there.")
    assert form.errors == {"": "Somebody else stays there."}
    assert form.input == GOOD


def test_a_form_never_shows_what_was_typed_in_its_repr() -> None:
    assert "hunter2" not in repr(read(Booking, {"guest": "hunter2", "arrival": "x"}))


def test_a_blank_form_says_what_is_known_beforehand() -> None:
    assert blank(Booking, guest="Anna").input == {"guest": "Anna"}
