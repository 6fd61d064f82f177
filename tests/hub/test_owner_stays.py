"""An owner's own stay: a code as guests get, nobody else's nights, and nobody's guest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.intake import NewStay
from hub.model.values import StayKind
from hub.store import questions
from tests.simulators.home import FLAT, Home, home, simulate

BY = "account:Robin"


async def own_stay(house: Home, arrival: date, departure: date, kind: StayKind = StayKind.OWNER) -> None:
    new = NewStay(FLAT, arrival, departure, "Frau Sommer", kind=kind)
    await house.hub.store.write(lambda tx: house.hub.intake.add_stay(tx, new, BY))


@pytest.mark.usefixtures("either_database")
def test_an_owner_comes_in_during_their_stay_and_not_before_or_after(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            await own_stay(house, date(2027, 3, 2), date(2027, 3, 4))
            digits = await house.digits("Frau Sommer")
            await house.until(datetime(2027, 3, 2, 12, tzinfo=UTC))
            assert not await house.driver.press("front", digits)
            await house.until(datetime(2027, 3, 2, 14, 5, tzinfo=UTC))
            assert await house.driver.press("front", digits)
            assert (await house.stay("Frau Sommer")).kind is StayKind.OWNER
            await house.until(datetime(2027, 3, 4, 10, 5, tzinfo=UTC))
            assert not await house.driver.press("front", digits)

    simulate(work())


def test_nobody_else_is_put_on_the_owners_nights(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            await own_stay(house, date(2027, 3, 2), date(2027, 3, 5))
            for kind in (StayKind.RESERVATION, StayKind.OWNER):
                with pytest.raises(Rejected, match="somebody else stays there"):
                    await own_stay(house, date(2027, 3, 4), date(2027, 3, 6), kind)

    simulate(work())


def test_a_stay_is_a_guests_or_the_owners(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            with pytest.raises(Rejected, match="a guest's or the owner's own"):
                await own_stay(house, date(2027, 3, 2), date(2027, 3, 5), StayKind.BLOCK)

    simulate(work())


def test_a_closure_that_is_the_owners_gets_a_code(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            house.book("1", date(2027, 3, 2), date(2027, 3, 4), "", kind=StayKind.UNKNOWN)
            await house.later(minutes=10)
            [question] = await house.hub.store.read(questions.open_questions)
            assert [value for value, _ in question.options] == ["reservation", "owner", "block"]
            await house.hub.store.write(lambda tx: house.hub.intake.answer(tx, question.id, "owner", BY))
            await house.until(datetime(2027, 3, 2, 14, 5, tzinfo=UTC))
            [row] = await house.stays()
            assert row.kind is StayKind.OWNER
            assert len(house.lock("front").codes) == 1

    simulate(work())
