"""A stay is cancelled: what the house owes by its rules is said, asked for, and done by a person; channels see to theirs."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import pytest

from hub import bookings, changes, refunding, workflow
from hub.intake import NewStay
from hub.model.availability import OwnRules
from hub.model.money import Money
from hub.model.values import PropertyId, StayId
from hub.model.workflow import Stage
from hub.store import bookings as ledger
from hub.store import log, questions, stays, steps
from hub.store.engine import Tx
from hub.store.questions import Question
from tests.simulators.home import FLAT, Home, home, simulate

BY = "account:robin"
DAYS = date(2027, 3, 10), date(2027, 3, 12)


async def _booked(house: Home, **more: object) -> StayId:
    new = NewStay(FLAT, *DAYS, "Ada Lovelace", **({"total": Money(45_050, "EUR")} | more))  # type: ignore[arg-type]
    return await house.hub.store.write(lambda tx: bookings.book(tx, house.hub.intake, new, BY, anyway=True))


async def _rules(house: Home, own: OwnRules) -> None:
    def work(tx: Tx) -> None:
        bookings.set_rules(tx, house.hub.desk, None, FLAT, own, BY)

    await house.hub.store.write(work)


async def _owed(house: Home) -> list[Question]:
    found = await house.hub.store.read(questions.open_questions)
    return [each for each in found if each.kind == refunding.REFUND]


async def _cancel(house: Home, id_: StayId, **more: bool) -> None:
    await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, id_, BY, **more))


def _say(house: Home, id_: StayId, stage: Stage, tx: Tx) -> None:
    workflow.say(tx, house.hub.intake, id_, stage, "", BY)


@pytest.mark.usefixtures("either_database")
def test_what_the_rules_owe_is_asked_for_until_somebody_says_that_it_is_given_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _rules(house, OwnRules(refunds=((1, 50),), refund_fee=100))
            assert (await house.hub.store.read(lambda tx: ledger.rules_at(tx, FLAT))).refunds == ((1, 50),)
            id_ = await _booked(house)
            await _cancel(house, id_)
            [asked] = await _owed(house)
            owed = "202.73 EUR of 450.50 EUR is to be given back (50 %, less a fee of 22.52 EUR)"
            assert owed in asked.sentence
            assert "Lovelace" not in asked.sentence
            deeds = await house.hub.store.read(lambda tx: log.deeds(tx, f"stay:{id_}"))
            assert owed in changes.parts(next(each.detail for each in deeds if each.action == changes.CANCELLED))
            await house.hub.store.write(lambda tx: house.hub.intake.answer(tx, asked.id, "done", BY))
            assert await house.hub.store.read(lambda tx: steps.stage(tx, id_)) is Stage.REFUNDED
            assert await _owed(house) == []

    simulate(main())


def test_a_cancellation_that_is_taken_back_owes_nothing_and_a_persons_word_on_the_stage_settles_it(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _rules(house, OwnRules(refunds=((1, 100),)))
            id_ = await _booked(house)
            await _cancel(house, id_)
            await house.hub.store.write(lambda tx: bookings.restore(tx, house.hub.intake, id_, BY, anyway=True))
            assert await _owed(house) == []
            for stage in (Stage.CANCELLED, Stage.REFUNDED):
                assert len(await _owed(house)) == (stage is Stage.REFUNDED)
                await house.hub.store.write(partial(_say, house, id_, stage))
            assert await _owed(house) == []

    simulate(main())


def test_nothing_is_owed_without_rules_a_price_or_a_booking_of_ours_but_for_force_majeure(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _cancel(house, await _booked(house))
            assert await _owed(house) == []
            await _cancel(house, await _booked(house), in_full=True)
            [asked] = await _owed(house)
            assert "all of 450.50 EUR is to be given back" in asked.sentence
            await _rules(house, OwnRules(refunds=((400, 100),)))
            for more in ({"total": None}, {"awaits_payment": True}, {}):  # the last: too late for anything
                await _cancel(house, await _booked(house, **more))
            assert await _owed(house) == [asked]
            house.book("a", *DAYS, guest="Bob")
            await house.later(minutes=10)
            [bob] = [row for row in await house.stays() if row.guest == "Bob"]
            assert await house.hub.store.read(lambda tx: refunding.owed(tx, house.hub.desk, bob, in_full=True)) is None

    simulate(main())


def test_what_is_owed_is_not_forgotten_when_the_nights_are_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _cancel(house, await _booked(house), in_full=True)
            row = next(iter(await house.stays()))
            assert row.check_out is not None
            await house.hub.store.write(lambda tx: questions.withdraw_moot(tx, row.check_out, row.check_out))  # type: ignore[arg-type]
            assert len(await _owed(house)) == 1

    simulate(main())


def test_a_property_says_it_for_its_units(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            place = await house.hub.store.read(ledger.all_rules)
            assert place == {}
            id_ = await _booked(house)
            row = await house.hub.store.read(lambda tx: stays.stay(tx, id_))
            assert row is not None
            assert await house.hub.store.read(lambda tx: refunding.owed(tx, house.hub.desk, row)) is None

            def work(tx: Tx) -> None:
                own = OwnRules(refunds=((1, 10),))
                bookings.set_rules(tx, house.hub.desk, PropertyId("house"), None, own, BY)

            await house.hub.store.write(work)
            refund = await house.hub.store.read(lambda tx: refunding.owed(tx, house.hub.desk, row))
            assert refund is not None
            assert refund.amount == Money(4_505, "EUR")

    simulate(main())
