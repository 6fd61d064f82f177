"""Door codes in a whole running hub: shown in the account once they are proven, replaced, and gone with their stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import doorcodes, issuing
from hub.doorcodes import CodeAt, Whereabouts
from hub.errors import Rejected
from hub.store import door_codes, mail, stays
from tests.simulators.home import Home, simulate
from tests.simulators.managers.all import MANAGERS, Double
from tests.simulators.managers.desk import Desk, reply
from tests.simulators.managers.plugged import DESK, plugged

INSIDE = datetime(2027, 3, 1, 14, 30, tzinfo=UTC)
SHOWING = [each for each in MANAGERS.values() if each.codes]


@pytest.fixture(params=SHOWING, ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


def shown(desk: Desk) -> str:
    return desk.booked[1].code or desk.booked[1].note


async def booked_and_shown(house: Home, desk: Desk) -> str:
    """The code."""
    desk.book(1)
    await house.until(INSIDE)
    await house.later(minutes=10)
    pin = await house.digits()
    assert pin in shown(desk)
    return pin


async def booked_and_refused(house: Home, desk: Desk, status: int) -> None:
    desk.refuses = status
    desk.book(1)
    await house.later(minutes=4)


def test_the_code_is_shown_once_it_is_proven_and_gone_when_the_guest_cancels(tmp_path: Path, manager: Double) -> None:
    async def main() -> None:
        async with plugged(tmp_path, manager, door_codes=True) as (house, desk):
            desk.book(1)
            await house.later(minutes=4)
            pin = await house.digits()
            await house.until(INSIDE)
            await house.later(minutes=10)
            assert pin in shown(desk)
            writes = sum(asked.method != "GET" for asked in desk.asked)
            await house.later(minutes=20)
            assert sum(asked.method != "GET" for asked in desk.asked) == writes, "said once"
            desk.change(1, state="over")
            await house.later(minutes=10)
            assert shown(desk) == ""

    simulate(main())


def test_another_code_takes_the_place_of_the_first(tmp_path: Path, manager: Double) -> None:
    async def main() -> None:
        async with plugged(tmp_path, manager, door_codes=True) as (house, desk):
            first = await booked_and_shown(house, desk)
            hub, stay = house.hub, await house.stay()
            await hub.store.write(lambda tx: issuing.redraw(tx, hub.desk, stay, "tester"))
            await house.later(minutes=10)
            second = await house.digits()
            assert second != first
            assert second in shown(desk)
            assert first not in shown(desk)

    simulate(main())


def test_no_promise_and_no_row_holds_the_digits(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["hostaway"], door_codes=True) as (house, desk):
            pin = await booked_and_shown(house, desk)
            await house.later(minutes=70)  # it was read back meanwhile

            def dump(tx: Any) -> str:
                tables = ("outbox", "inbox", "door_codes", "stays", "stay_sources", "audit", "access_log", "unplaced")
                return repr([tx.sql.exec_driver_sql(f"SELECT * FROM {name}").all() for name in tables])  # noqa: S608

            assert pin not in await house.hub.store.read(dump)

    simulate(main())


def test_without_leave_nothing_is_written(tmp_path: Path, manager: Double) -> None:
    async def main() -> None:
        async with plugged(tmp_path, manager) as (house, desk):
            desk.book(1)
            await house.until(INSIDE)
            assert shown(desk) == ""
            assert all(asked.method == "GET" or "oken" in asked.path for asked in desk.asked)

    simulate(main())


def test_a_code_that_a_lock_does_not_answer_for_is_not_shown(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["guesty"], door_codes=True, silent=True) as (house, desk):
            await house.later(minutes=1)
            await house.until(INSIDE)
            desk.book(1)  # it is to work by now, and nobody knows whether it does
            await house.later(minutes=20)
            assert (await house.digits()) not in shown(desk)

    simulate(main())


def test_an_account_that_will_not_drop_a_dead_code_is_told_to_a_person(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["hostaway"], door_codes=True) as (house, desk):
            await booked_and_shown(house, desk)
            stay, hub = await house.stay(), house.hub
            desk.faults = [reply({}, 422)] * 20
            await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, stay.id, "tester"))
            await house.later(minutes=10)
            (row,) = await hub.store.read(lambda tx: door_codes.of_stay(tx, stay.id))
            assert row.standing
            assert not row.sure
            assert any(each.box == "outbox" for each in await hub.store.read(mail.dead))
            assert (await hub.store.read(lambda tx: stays.stay(tx, stay.id))) is not None

    simulate(main())


# ---- where it stands, for people ------------------------------------------------------------------------------------


async def _where(house: Home) -> CodeAt:
    hub, stay = house.hub, await house.stay()
    (found,) = await hub.store.read(lambda tx: doorcodes.whereabouts(tx, hub.desk, hub.plugins, stay))
    return found


def test_people_see_that_the_code_is_not_told_yet_that_it_is_and_that_it_was_taken_out(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["ownerrez"], door_codes=True, silent=True) as (house, desk):
            await house.until(INSIDE)
            desk.book(1)  # it is to work by now, and nobody knows whether it does
            await house.later(minutes=4)
            assert await _where(house) == CodeAt(DESK, Whereabouts.COMING, None, "", stale=False)
            house.lock("front").silent = False
            await house.later(minutes=30)
            told = await _where(house)
            assert told.where is Whereabouts.TOLD
            assert told.at is not None
            assert INSIDE + timedelta(minutes=4) < told.at <= house.hub.clock.now()
            desk.change(1, state="over")
            await house.later(minutes=10)
            assert (await _where(house)).where is Whereabouts.OUT

    simulate(main())


def test_what_was_given_up_says_why_and_is_told_again_when_a_person_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["hostaway"], door_codes=True) as (house, desk):
            hub = house.hub
            await booked_and_refused(house, desk, 422)
            refused = await _where(house)
            assert refused.where is Whereabouts.REFUSED
            assert "422" in refused.why
            stay, now, wall = await house.stay(), hub.clock.now(), hub.wall.now()
            desk.refuses = 0
            await hub.store.write(lambda tx: doorcodes.tell_again(tx, DESK, stay.id, "account:Robin", now, wall))
            assert (await _where(house)).where is Whereabouts.COMING
            await house.later(seconds=10)
            assert (await _where(house)).where is Whereabouts.TOLD
            assert await house.digits() in shown(desk)
            with pytest.raises(Rejected, match="not given up"):
                await hub.store.write(lambda tx: doorcodes.tell_again(tx, DESK, stay.id, "account:Robin", now, wall))

    simulate(main())


def test_what_fails_for_a_while_is_tried_again_and_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["hostaway"], door_codes=True) as (house, desk):
            await booked_and_refused(house, desk, 503)
            assert (await _where(house)).where is Whereabouts.TRYING
            desk.refuses = 0
            await house.later(hours=1, minutes=15)
            assert (await _where(house)).where is Whereabouts.TOLD

    simulate(main())


@pytest.mark.parametrize(("name", "where"), [("hostaway", Whereabouts.OFF), ("hospitable", Whereabouts.CANNOT)])
def test_an_account_that_is_told_no_codes_is_said_to_be_off_or_to_have_no_place_for_them(
    tmp_path: Path, name: str, where: Whereabouts
) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS[name]) as (house, desk):
            desk.book(1)
            await house.later(minutes=4)
            assert await _where(house) == CodeAt(DESK, where, None, "", stale=False)

    simulate(main())


def test_another_code_ends_what_was_given_up_with_the_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["hostaway"], door_codes=True) as (house, desk):
            hub = house.hub
            await booked_and_refused(house, desk, 422)
            assert any(each.box == "outbox" for each in await hub.store.read(mail.dead))
            desk.refuses, stay = 0, await house.stay()
            await hub.store.write(lambda tx: issuing.redraw(tx, hub.desk, stay, "tester"))
            await house.later(minutes=10)
            assert await house.digits() in shown(desk)
            assert await hub.store.read(mail.dead) == [], "nobody has to look at what was done in the end"

    simulate(main())
