"""Days that somebody gives a booking of ours in Guesty: shown, kept from everybody, and settled by a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub import bookings, health, other_days, publishing, pushing, syncing
from hub.errors import Rejected
from hub.model.alerts import Kind
from hub.model.availability import Wish
from hub.model.facts import StayReport
from hub.model.publishing import busy
from hub.model.values import ChannelId, StayId, StayKind, StayStatus
from hub.stay_changes import StayChange
from hub.store import house as house_rows
from hub.store import publishing as rows
from hub.store import pushes
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.pushes import Push, PushState
from hub.store.stays import StayRow
from hub.syncing import Difference, Doubt
from tests.hub.pushing_house import (
    ADA,
    ARRIVAL,
    DEPARTURE,
    DESK,
    FOR_REAL,
    LOFT,
    add,
    made_there,
    plugged,
    pushed,
    writes,
)
from tests.simulators.home import FLAT, Home, simulate

OTHER = ChannelId("other")
LONGER = DEPARTURE + timedelta(days=2)
LAST_MORNING = datetime(2027, 3, 3, 8, tzinfo=UTC)
"""Two hours before a guest has to leave."""
MORE = {DEPARTURE, DEPARTURE + timedelta(days=1)}


async def _other(house: Home) -> None:
    """Another channel, that fetches what is taken."""

    def furnish(tx: Tx) -> None:
        sealed = house_rows.sealed_settings(OTHER, {}, house.hub.vault)
        house_rows.keep_channel(tx, ChannelRow(OTHER, FLAT, "memory", sealed, Origin.SITE))
        rows.open_outlet(tx, OTHER, FLAT, rows.FEED, house.hub.clock.now())

    await house.hub.store.write(furnish)


async def _told(house: Home) -> set[date]:
    """The nights that the other channel reads, without those around them."""
    hub = house.hub

    def look(tx: Tx) -> set[date]:
        outlet = rows.outlet(tx, OTHER, FLAT)
        assert outlet is not None
        handout = publishing.hand_out(tx, outlet, hub.clock, hub.wall.now())
        blocks = (each.block for each in handout.said if not each.block.about.endswith((":before", ":after")))
        return set(busy(blocks))

    return await hub.store.write(look)


async def differences(house: Home) -> list[Difference]:
    return await house.hub.store.read(lambda tx: syncing.differences(tx, DESK, house.hub.clock.now()))


async def settle(house: Home, id_: StayId, *, accept: bool) -> None:
    hub = house.hub
    await hub.store.write(lambda tx: syncing.settle(tx, hub.intake, DESK, id_, "manager", accept=accept))


async def _alerts(house: Home) -> list[str]:
    def look(tx: Tx) -> list[str]:
        found = health.found(health.look_around(tx, house.hub))
        return [each.sentence for each in found if each.kind is Kind.OTHER_DAYS]

    return await house.hub.store.read(look)


async def _free(house: Home, first: date, until: date) -> bool:
    now = house.hub.clock.now()
    wish = Wish(first, until)
    against = await house.hub.store.read(lambda tx: bookings.look(tx, [FLAT], wish, now)[FLAT])
    return not any(each.reason.hard for each in against)


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("reservations", ["v1", "v3"])
def test_other_days_there_are_shown_and_their_nights_are_kept_from_all_others(
    tmp_path: Path, reservations: str
) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, reservations=reservations) as (house, desk):
            await _other(house)
            id_ = await add(house)
            await house.later(minutes=3)
            ours = {ARRIVAL + timedelta(days=number) for number in range(3)}
            assert await _told(house) == ours
            assert await differences(house) == []
            desk.change(made_there(desk).id, departure=LONGER)
            await house.later(minutes=3)
            (one,) = await differences(house)
            assert (one.stay.id, one.doubt, one.theirs) == (id_, Doubt.OTHER_DAYS, (ARRIVAL, LONGER))
            (said,) = await _alerts(house)
            assert f"{ARRIVAL} to {LONGER} there, {ARRIVAL} to {DEPARTURE} here" in said
            assert await _told(house) == ours | MORE
            assert not await _free(house, DEPARTURE, LONGER)
            stay = await house.stay()
            assert (stay.departure, stay.channel_id) == (DEPARTURE, None), "it is no stay of Guesty's"
            desk.change(made_there(desk).id, departure=DEPARTURE)
            await house.later(minutes=3)
            assert (await differences(house), await _alerts(house), await _told(house)) == ([], [], ours)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_nights_that_it_has_there_only_are_kept_though_ours_are_over(tmp_path: Path) -> None:
    """Somebody made it longer in Guesty; nobody has said whose days count when the guest should leave."""

    async def main() -> None:
        async with plugged(tmp_path, start=LAST_MORNING, **FOR_REAL) as (house, desk):
            await _other(house)
            soon = replace(ADA, arrival=date(2027, 3, 2), departure=date(2027, 3, 3))
            id_ = await add(house, soon)
            await house.later(minutes=3)
            until = date(2027, 3, 5)
            desk.change(made_there(desk).id, departure=until)
            await house.until(datetime(2027, 3, 3, 15, tzinfo=UTC))
            more = {date(2027, 3, 3), date(2027, 3, 4)}
            assert more <= await _told(house)
            assert not await _free(house, until - timedelta(days=1), until)
            assert len(await _alerts(house)) == 1
            await settle(house, id_, accept=True)
            await house.later(minutes=3)
            assert (await house.stay()).departure == until
            assert await differences(house) == []
            assert more <= await _told(house)

    simulate(main())


def test_other_days_are_over_with_the_nights_of_both(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, start=LAST_MORNING, **FOR_REAL) as (house, desk):
            await _other(house)
            await add(house, replace(ADA, arrival=date(2027, 3, 2), departure=date(2027, 3, 3)))
            await house.later(minutes=3)
            desk.change(made_there(desk).id, departure=date(2027, 3, 4))
            await house.until(datetime(2027, 3, 5, 1, tzinfo=UTC))
            assert (await differences(house), await _alerts(house)) == ([], [])

    simulate(main())


def test_other_days_are_over_when_the_booking_is_cancelled_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            await _other(house)
            await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, departure=LONGER)
            await house.later(minutes=3)
            assert len(await differences(house)) == 1
            desk.change(made_there(desk).id, state="over")
            await house.later(minutes=3)
            assert [each.doubt for each in await differences(house)] == [Doubt.CANCELLED_THERE]
            assert await _alerts(house) == []
            assert not MORE & await _told(house)

    simulate(main())


def test_their_days_are_taken_by_a_word(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            id_ = await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, arrival=ARRIVAL + timedelta(days=1), departure=LONGER)
            await house.later(minutes=3)
            before = len(writes(desk))
            await settle(house, id_, accept=True)
            await house.later(hours=1, minutes=5)
            stay, row = await house.stay(), await pushed(house)
            assert (stay.arrival, stay.departure) == (ARRIVAL + timedelta(days=1), LONGER)
            assert (row.state, row.missing, await differences(house)) == (PushState.SYNCED, {}, [])
            assert writes(desk)[before:] == [], "Guesty has these days already"
            with pytest.raises(Rejected, match="one mind"):
                await settle(house, id_, accept=True)

    simulate(main())


def test_ours_are_sent_again_by_a_word(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            id_ = await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, departure=LONGER)
            await house.later(minutes=3)
            await settle(house, id_, accept=False)
            await house.later(minutes=5)
            assert made_there(desk).departure == DEPARTURE
            assert ((await pushed(house)).state, await differences(house)) == (PushState.SYNCED, [])
            assert (await house.stay()).departure == DEPARTURE

    simulate(main())


def test_a_note_that_is_sent_meanwhile_leaves_their_days_alone_and_ours_that_change_are_sent(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, departure=LONGER)
            note = StayChange(note="Brings a cat")
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, note, "manager"))
            await house.later(minutes=3)
            assert (made_there(desk).note, made_there(desk).departure) == ("Brings a cat", LONGER)
            assert len(await differences(house)) == 1
            until = StayChange(departure=DEPARTURE + timedelta(days=1))
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, until, "manager"))
            await house.later(minutes=5)
            assert made_there(desk).departure == until.departure
            assert await differences(house) == []

    simulate(main())


def test_their_days_that_somebody_else_has_here_are_not_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            id_ = await add(house)
            grace = replace(ADA, arrival=DEPARTURE, departure=LONGER, guest="Grace Hopper")
            await add(house, grace)
            await house.later(minutes=3)
            (ours,) = (row for row in desk.booked.values() if row.arrival == ARRIVAL)
            desk.change(ours.id, departure=LONGER)
            await house.later(minutes=3)
            with pytest.raises(Rejected):
                await settle(house, id_, accept=True)
            assert len(await differences(house)) == 1

    simulate(main())


def test_nights_that_were_given_up_there_are_closed_there_until_somebody_has_decided(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            id_ = await add(house)
            await house.later(minutes=3)
            assert desk.closed == set()
            shorter = DEPARTURE - timedelta(days=1)
            desk.change(made_there(desk).id, departure=shorter)
            await house.later(minutes=5)
            assert {day for _, day in desk.closed} == {shorter}
            await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, id_, "manager"))
            await house.later(minutes=5)
            assert (desk.closed, await differences(house)) == (set(), [])
            stays = await house.stays()
            assert [each.status for each in stays] == [StayStatus.CANCELLED]

    simulate(main())


def test_ours_reach_it_only_after_the_nights_that_we_closed_there_are_open(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            id_ = await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, departure=DEPARTURE - timedelta(days=1))
            await house.later(minutes=5)
            before = len(writes(desk))
            await settle(house, id_, accept=False)
            await house.later(minutes=1)
            assert [each.rpartition("/")[2] for each in writes(desk)[before:]] == ["101", "dates"]
            assert (desk.closed, made_there(desk).departure) == (set(), DEPARTURE)

    simulate(main())


@pytest.mark.parametrize("accept", [True, False])
def test_another_listing_there_is_shown_and_settled_like_other_days(tmp_path: Path, accept: bool) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, unit="102")
            note = StayChange(note="Brings a cat")
            await house.later(minutes=3)
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, note, "manager"))
            await house.later(minutes=3)
            assert (made_there(desk).unit, made_there(desk).note) == ("102", "Brings a cat"), "it is not moved back"
            (one,) = await differences(house)
            assert (one.doubt, one.listing, one.their_unit) == (Doubt.OTHER_DAYS, "102", LOFT)
            (said,) = await _alerts(house)
            assert f"another listing for the booking of Ada Lovelace (Flat): {ARRIVAL} to {DEPARTURE} in Loft" in said
            now, wish = hub.clock.now(), Wish(ARRIVAL, DEPARTURE)
            found = await hub.store.read(lambda tx: bookings.look(tx, [FLAT, LOFT], wish, now))
            assert all(any(each.reason.hard for each in against) for against in found.values()), "both are kept"
            assert {unit for unit, _ in desk.closed} == {"101"}
            await settle(house, id_, accept=accept)
            await house.later(minutes=5)
            assert ((await house.stay()).unit_id, made_there(desk).unit) == ((LOFT, "102") if accept else (FLAT, "101"))
            row = await pushed(house)
            assert (await differences(house), await _alerts(house), row.missing, desk.closed) == ([], [], {}, set())

    simulate(main())


def test_another_listing_and_other_days_are_taken_at_once(tmp_path: Path) -> None:
    """Somebody else has the old days in the unit that it was moved to."""

    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            id_ = await add(house)
            await add(house, replace(ADA, unit=LOFT, guest="Grace Hopper"))
            await house.later(minutes=3)
            (ours,) = (row for row in desk.booked.values() if row.unit == "101")
            desk.change(ours.id, unit="102", arrival=DEPARTURE, departure=LONGER)
            await house.later(minutes=3)
            await settle(house, id_, accept=True)
            await house.later(minutes=3)
            (stay,) = (each for each in await house.stays() if each.id == id_)
            assert (stay.unit_id, stay.arrival, stay.departure) == (LOFT, DEPARTURE, LONGER)
            assert await differences(house) == []

    simulate(main())


def test_other_days_at_one_account_hold_up_nothing_that_another_is_to_know(tmp_path: Path) -> None:
    """Their nights are closed at the other as long as nobody has decided."""

    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(minutes=3)

            def differ(tx: Tx) -> None:
                sealed = house_rows.sealed_settings(OTHER, {}, hub.vault)
                house_rows.keep_channel(tx, ChannelRow(OTHER, None, "memory", sealed, Origin.SITE, {"7": FLAT}))
                row = Push(OTHER, id_, "b-1", PushState.SYNCED, {}, 1)
                pushes.keep(tx, replace(row, there_from=ARRIVAL, there_until=LONGER))
                tx.signal("publishing")

            await hub.store.write(differ)
            await house.later(minutes=1)
            assert desk.closed == {("101", day) for day in MORE}
            note = StayChange(note="Brings a cat")
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, note, "manager"))
            await house.later(minutes=1)
            assert (made_there(desk).note, desk.closed) == ("Brings a cat", {("101", day) for day in MORE})

    simulate(main())


def test_a_listing_that_is_no_unit_here_cannot_be_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            id_ = await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, unit="999")
            await house.later(minutes=3)
            (said,) = await _alerts(house)
            assert "in listing 999 (no unit here) there" in said
            with pytest.raises(Rejected, match="no unit here; say on the Channels page which unit it is"):
                await settle(house, id_, accept=True)
            await settle(house, id_, accept=False)
            await house.later(minutes=5)
            assert (made_there(desk).unit, await differences(house)) == ("101", [])

    simulate(main())


def test_days_of_before_that_are_listed_for_a_while_after_ours_were_sent_are_nobody_s_wish(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(minutes=3)
            until = StayChange(departure=LONGER)
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, until, "manager"))
            await house.later(seconds=10)
            assert made_there(desk).departure == LONGER

            async def listed() -> int:
                """As a search tells it that lags behind."""
                key, there, now = pushing.key_of(id_), (ARRIVAL, DEPARTURE), hub.clock.now()
                kinds = (StayKind.RESERVATION, StayStatus.CONFIRMED)
                old = StayReport(str(made_there(desk).id), *kinds, *there, reference=key, listing="101")
                await hub.store.write(lambda tx: other_days.heard(tx, DESK, _stay(tx, id_), old, now))
                return len(await differences(house))

            assert await listed() == 0
            await house.later(minutes=3)
            assert await listed() == 1, "somebody there wants them so"

    simulate(main())


def _stay(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    assert row is not None
    return row
