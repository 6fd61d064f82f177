"""Stages in a living house: by the clock, by a person's word, and never at the cost of a code."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from hub import workflow
from hub.errors import Rejected
from hub.intake import NewStay
from hub.model.values import StayId, StayStatus
from hub.model.workflow import Stage
from hub.store import stays, steps
from tests.simulators.home import FLAT, Home, home, simulate
from tests.simulators.managers.all import MANAGERS
from tests.simulators.managers.plugged import DESK, plugged

FIRST, LAST = date(2027, 3, 2), date(2027, 3, 4)


async def _stages(made: Home, id_: StayId) -> list[tuple[str, str]]:
    found = await made.hub.store.read(lambda tx: steps.history(tx, id_))
    return [(each.after.value, each.by) for each in found]


async def _say(made: Home, id_: StayId, stage: Stage) -> None:
    await made.hub.store.write(lambda tx: workflow.say(tx, made.hub.intake, id_, stage, "told by phone", "ada"))


@pytest.mark.usefixtures("either_database")
def test_a_stay_goes_its_way_by_the_clock_and_keeps_its_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            made.book("a", FIRST, LAST)
            await made.later(minutes=10)
            id_ = (await made.stay()).id
            digits = await made.digits()
            assert await _stages(made, id_) == [("confirmed", "channel:feed"), ("pre_arrival", "gatehouse")]
            await _say(made, id_, Stage.CHECKED_IN)
            assert await made.digits() == digits
            row = await made.stay()
            assert row.check_out is not None
            await made.until(row.check_out + timedelta(hours=24, minutes=6))
            told = await _stages(made, id_)
            assert told[2:] == [("checked_in", "ada"), ("checked_out", "gatehouse"), ("completed", "gatehouse")]
            assert (await made.stay()).status is StayStatus.CONFIRMED

    simulate(main())


@pytest.mark.parametrize("paid", [True, False])
def test_a_stay_that_waits_for_payment_keeps_its_nights_for_a_day(tmp_path: Path, paid: bool) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            hub, new = (
                made.hub,
                NewStay(FLAT, date(2027, 3, 20), date(2027, 3, 22), "Ada Lovelace", awaits_payment=True),
            )
            id_ = await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, "ada"))
            assert await _stages(made, id_) == [("pending", "ada"), ("payment_pending", "ada")]
            assert await made.digits_by_door(id_) == {}
            await made.later(hours=23, minutes=50)
            with pytest.raises(Rejected, match="somebody else stays there"):
                await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, "ada"))
            if paid:
                await _say(made, id_, Stage.CONFIRMED)
            await made.later(minutes=20)
            last = (await _stages(made, id_))[-1]
            assert last == (("confirmed", "ada") if paid else ("cancelled", "gatehouse"))
            assert bool(await made.digits_by_door(id_)) is paid
            row = await hub.store.read(lambda tx: stays.stay(tx, id_))
            assert row is not None
            assert row.cancelled_why == (None if paid else "it was not paid in time")

    simulate(main())


def test_nothing_waits_for_payment_beyond_check_in(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            hub = made.hub
            today = hub.clock.now().date()
            new = NewStay(FLAT, today, today + timedelta(days=2), "Ada Lovelace", awaits_payment=True)
            id_ = await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, "ada"))
            row = await made.stay()
            assert row.check_in is not None
            until = await hub.store.read(lambda tx: workflow.pays_until(tx, row))
            assert until == row.check_in
            await made.until(row.check_in + timedelta(minutes=6))
            assert (await _stages(made, id_))[-1] == ("cancelled", "gatehouse")

    simulate(main())


def test_only_what_follows_may_be_said_and_a_no_show_keeps_the_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            made.book("a", FIRST, LAST)
            await made.later(minutes=10)
            id_ = (await made.stay()).id
            digits = await made.digits()
            with pytest.raises(Rejected, match="a stay that is pre_arrival becomes"):
                await _say(made, id_, Stage.COMPLETED)
            await _say(made, id_, Stage.NO_SHOW)
            assert await made.digits() == digits, "they may come late"
            await _say(made, id_, Stage.CANCELLED)
            assert await made.digits_by_door(id_) == {}
            await _say(made, id_, Stage.REFUNDED)
            with pytest.raises(Rejected, match="nothing that a person says"):
                await _say(made, id_, Stage.CONFIRMED)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_what_a_source_makes_of_a_stay_is_written_down_as_well(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            made.book("a", date(2027, 3, 20), date(2027, 3, 22), status=StayStatus.TENTATIVE)
            await made.later(minutes=4)
            id_ = (await made.stay()).id
            assert await made.digits_by_door(id_) == {}
            await _say(made, id_, Stage.CONFIRMED)
            assert await made.digits_by_door(id_)
            made.rebook("a", status=StayStatus.CANCELLED)
            await made.later(minutes=4)
            assert [stage for stage, _ in await _stages(made, id_)] == ["pending", "confirmed", "cancelled"]
            row = await made.hub.store.read(lambda tx: stays.stay(tx, id_))
            assert row is not None
            assert row.status is StayStatus.CANCELLED

    simulate(main())


def test_of_stays_that_wait_for_their_day_nothing_is_due(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            made.book("a", FIRST, LAST)
            await made.later(minutes=3, seconds=30)
            row = await made.stay()
            assert row.check_in is not None
            looks: list[bool] = []

            async def look() -> None:
                looks.append(await made.hub.store.read(lambda tx: workflow.is_due(tx, made.hub.desk)))

            await look()
            await made.later(minutes=6)
            await look()
            await made.until(row.check_in + timedelta(hours=20))
            await look()
            await made.hub.store.write(lambda tx: stays.arrived(tx, row.id, made.hub.clock.now()))
            await look()
            assert looks == [True, False, False, True]
            await made.later(minutes=6)
            assert (await _stages(made, row.id))[-1][0] == "checked_in"

    simulate(main())


@pytest.mark.parametrize("own", [True, False])
def test_guesty_s_check_in_and_check_out_move_the_stage_and_nothing_else(tmp_path: Path, own: bool) -> None:
    """`own`: it was booked there; else it was made here and told there."""

    async def main() -> None:
        more = {} if own else {"push_bookings": True, "push_test": False}
        async with plugged(tmp_path, MANAGERS["guesty"], **more) as (made, desk):
            hub = made.hub
            if own:
                desk.book(1, day=1)
            else:
                new = NewStay(FLAT, FIRST, LAST, "Ada Lovelace")
                await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, "manager"))
            await made.later(minutes=10)
            (there,) = desk.booked
            before, digits = await made.stay(), await made.digits()
            assert before.check_in is not None
            await made.until(before.check_in + timedelta(hours=1))
            for state in ("in", "out"):
                desk.change(there, state=state)
                await made.later(minutes=10)
            by = f"channel:{DESK}"
            assert (await _stages(made, before.id))[-2:] == [("checked_in", by), ("checked_out", by)]
            after = await made.stay()
            assert (after.arrived_at, after.left_at, after.check_out) == (None, None, before.check_out)
            assert await made.digits() == digits, "it works for as long as it did"
            await _say(made, before.id, Stage.CHECKED_IN)
            desk.change(there, note="Wants towels", guest="Ada Byron")
            await made.later(hours=1, minutes=10)
            assert (await _stages(made, before.id))[-1] == ("checked_in", "ada"), "it says nothing new of it"

    simulate(main())
