"""Between check-out and the end of the code, where the house lets guests come in again, a guest is still a guest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import timekeeping
from hub.errors import Rejected
from hub.model.values import Address, LockId, PropertyId
from hub.opened_flats import guests_of
from hub.stay_changes import StayChange
from hub.store import codes, house
from tests.hub.guest_at_door import CHECK_OUT, FRONT, MINUTE, booked
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate
from tests.simulators.managers.all import MANAGERS
from tests.simulators.managers.plugged import plugged

LATE = timedelta(hours=2)
BY = "account:Robin"


async def here(house_: Home) -> list[str]:
    now = house_.hub.clock.now()
    return [row.guest for row in await house_.hub.store.read(lambda tx: guests_of(tx, FRONT, now))]


def test_who_may_still_come_in_can_be_changed_given_other_digits_and_told_of_an_opened_door(tmp_path: Path) -> None:
    async def main() -> None:
        memory, start = Memory(Address("front")), CHECK_OUT - 60 * MINUTE
        async with home(tmp_path, [memory], late_out=LATE, start=start) as made:
            await booked(made)
            hub, row = made.hub, await made.stay()
            await made.until(CHECK_OUT + 30 * MINUTE)
            await hub.store.write(
                lambda tx: hub.intake.change_stay(tx, row.id, StayChange(email="ada@example.org"), BY)
            )
            assert (await made.stay()).email_mark
            assert await here(made) == ["Ada Lovelace"]
            first = await made.digits()
            await hub.store.write(lambda tx: hub.intake.redraw(tx, row.id, BY))
            await made.later(minutes=2)
            second = await made.digits()
            assert second != first
            assert memory.holds(second)
            await hub.store.write(lambda tx: hub.intake.replan_unit(tx, row.unit_id))
            await made.later(minutes=2)
            assert memory.holds(second)
            await made.until(CHECK_OUT + LATE + MINUTE)
            assert await here(made) == []
            with pytest.raises(Rejected, match="over already"):
                await hub.store.write(lambda tx: hub.intake.change_stay(tx, row.id, StayChange(email=""), BY))

    simulate(main())


def test_a_code_that_a_wrong_clock_ended_is_drawn_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, late_out=LATE, start=CHECK_OUT - 60 * MINUTE) as made:
            await booked(made)
            hub = made.hub
            await made.until(CHECK_OUT + 30 * MINUTE)

            def ended(tx: Any) -> None:
                """As by a clock that was a day ahead."""
                for slot in codes.slots_of(tx, FRONT):
                    codes.keep_slot(tx, FRONT, type(slot)(slot.number), hub.clock.now())
                codes.forget_spent(tx, FRONT, hub.clock.now() + timedelta(days=1))

            await hub.store.write(ended)
            await hub.store.write(lambda tx: timekeeping.make_up(tx, hub.desk))
            await made.later(minutes=5)
            assert made.lock("front").holds(await made.digits())

    simulate(main())


def test_the_platform_is_told_of_other_digits(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["hostaway"], door_codes=True) as (made, desk):
            hub = made.hub

            def let_them_stay(tx: Any) -> None:
                (place,) = house.properties(tx)
                house.keep_property(tx, replace(place, late_out=LATE))
                (lock,), other = house.locks(tx), PropertyId("other")
                house.keep_property(tx, replace(place, id=other, late_out=3 * LATE))
                elsewhere = replace(lock, id=LockId("side"), property=other, address=Address("side"))
                house.keep_lock(tx, elsewhere)

            await hub.store.write(let_them_stay)
            desk.book(1, nights=1)
            await made.until(datetime(2027, 3, 2, 10, 30, tzinfo=UTC))
            row, first = await made.stay(), await made.digits()
            assert first in (desk.booked[1].code or desk.booked[1].note)
            await hub.store.write(lambda tx: hub.intake.redraw(tx, row.id, BY))
            await made.later(minutes=10)
            second = await made.digits()
            assert second in (desk.booked[1].code or desk.booked[1].note)
            await made.later(hours=3)
            assert second in (desk.booked[1].code or desk.booked[1].note), (
                "what stands there of a stay that is over stays"
            )

    simulate(main())
