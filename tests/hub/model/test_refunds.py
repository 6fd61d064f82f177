"""What is given back of a price, by the days before check-in at which a guest cancels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.money import Money
from hub.model.refunds import Steps, as_typed, in_order, refund_of, typed_steps

CHECK_IN = datetime(2027, 3, 10, 14, tzinfo=UTC)
STEPS: Steps = ((30, 100), (14, 50), (3, 10))
PRICE = Money(45_050, "EUR")


@pytest.mark.parametrize(
    ("before", "minor"),
    [
        (timedelta(days=90), 45_050),
        (timedelta(days=30), 45_050),
        (timedelta(days=30) - timedelta(seconds=1), 22_525),
        (timedelta(days=14), 22_525),
        (timedelta(days=13), 4_505),
        (timedelta(days=2), 0),
        (timedelta(0), 0),
        (timedelta(days=-1), 0),
    ],
)
def test_the_nearer_check_in_is_the_less_is_given_back(before: timedelta, minor: int) -> None:
    refund = refund_of(PRICE, STEPS, 0, CHECK_IN, CHECK_IN - before)
    assert (refund.amount, refund.fee.minor) == (Money(minor, "EUR"), 0)


def test_a_fee_is_kept_of_what_is_given_back_but_for_force_majeure() -> None:
    at = CHECK_IN - timedelta(days=20)
    refund = refund_of(PRICE, STEPS, 29, CHECK_IN, at)
    assert (refund.fee, refund.amount) == (Money(653, "EUR"), Money(21_872, "EUR"))
    assert refund.sentence == "218.72 EUR of 450.50 EUR is to be given back (50 %, less a fee of 6.53 EUR)"
    whole = refund_of(PRICE, STEPS, 29, CHECK_IN, CHECK_IN, in_full=True)
    assert (whole.amount, whole.sentence) == (PRICE, "all of 450.50 EUR is to be given back")
    assert refund_of(PRICE, STEPS, 29, CHECK_IN, CHECK_IN).sentence == "nothing of 450.50 EUR is given back"


def test_rules_are_typed_as_days_and_per_cent() -> None:
    assert typed_steps("14 days: 50 %, 30: 100; 3:10") == STEPS
    assert typed_steps(" ") == ()
    for text, why in (
        ("half", "is written like"),
        ("30: 101", "0 to 100 per cent"),
        ("30: 50, 30: 100", "each number of days once"),
        ("30: 50, 14: 100", "no more to whoever cancels later"),
        (", ".join(f"{day}: 10" for day in range(11)), "10 steps at most"),
    ):
        with pytest.raises(ValueError, match=why):
            typed_steps(text)


_STEPS = st.dictionaries(st.integers(0, 1095), st.integers(0, 100), max_size=6).map(
    lambda told: tuple(zip(sorted(told, reverse=True), sorted(told.values(), reverse=True), strict=True))
)


@given(_STEPS, st.integers(0, 10**9), st.integers(0, 500), st.integers(-10, 1200))
def test_whoever_cancels_sooner_gets_no_less_and_nobody_more_than_the_price(
    steps: Steps, minor: int, fee: int, days: int
) -> None:
    price = Money(minor, "EUR")
    sooner, later = (
        refund_of(price, steps, fee, CHECK_IN, CHECK_IN - timedelta(days=each)) for each in (days + 1, days)
    )
    assert 0 <= later.amount.minor <= sooner.amount.minor <= minor
    assert typed_steps(as_typed(in_order(steps))) == steps
