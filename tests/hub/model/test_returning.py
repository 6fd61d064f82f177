"""By what reaches a guest it is known whether two stays are one guest's."""

import pytest

from hub.model.returning import email_form, phone_form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+49 170 1234567", "0170/123 45 67"),
        ("0049-170-1234567", "(0170) 1234567"),
        ("+1 (555) 010-4477", "5550104477"),
    ],
)
def test_a_telephone_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert phone_form(one) == phone_form(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("+49 170 1234567", "+49 170 1234568"), ("+49 170 1234567", "+49 171 1234567")]
)
def test_two_telephones_are_two(one: str, other: str) -> None:
    assert phone_form(one) != phone_form(other)


@pytest.mark.parametrize("few", ["", "4567", "ends in 4567", "n/a", "123456"])
def test_too_few_digits_tell_nobody(few: str) -> None:
    assert phone_form(few) == ""


def test_an_address_is_the_same_in_capitals() -> None:
    assert email_form(" Ada@Example.com ") == email_form("ada@example.com") == "ada@example.com"


@pytest.mark.parametrize("none", ["", "unknown", "@", "@example.com@", "ada@"])
def test_what_is_no_address_tells_nobody(none: str) -> None:
    assert email_form(none) == ""
