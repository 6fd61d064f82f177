"""Whether a unit is still free is looked at again when a stay is confirmed or comes back, as when it is made."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub import bookings, workflow
from hub.bookings import NotFree
from hub.intake import NewStay
from hub.model.availability import Closed, ClosureKind, Reason
from hub.model.facts import StayReport, StayReported
from hub.model.values import ChannelId, StayId, StayKind, StayStatus
from hub.model.workflow import Stage
from hub.store import house, stays
from hub.store.house import ChannelRow, Origin
from tests.simulators.home import FEED, FLAT, Home, home, simulate

OTHER = ChannelId("other")
FIRST, LAST = date(2027, 3, 10), date(2027, 3, 13)


async def _report(made: Home, uid: str, kind: StayKind, status: StayStatus, channel: ChannelId) -> StayId:
    first = (
        FIRST if kind is StayKind.RESERVATION else date(2027, 3, 11)
    )  # a closure of the same days would be of that stay
    report = StayReport(uid, kind, status, first, LAST, guest=uid if kind is StayKind.RESERVATION else "")
    fact = StayReported(channel, made.hub.clock.now(), report)
    await made.hub.store.write(lambda tx: made.hub.intake.absorb(tx, fact, channel))
    found = await made.hub.store.read(lambda tx: stays.source(tx, channel, uid))
    assert found is not None
    return found[1].id


async def _other_channel(made: Home) -> None:
    sealed = house.sealed_settings(OTHER, {}, made.hub.vault)
    await made.hub.store.write(
        lambda tx: house.keep_channel(tx, ChannelRow(OTHER, FLAT, "memory", sealed, Origin.SITE))
    )


async def _close(made: Home, kind: ClosureKind) -> None:
    shut = Closed(kind, date(2027, 3, 11), date(2027, 3, 12))
    await made.hub.store.write(lambda tx: bookings.close(tx, made.hub.desk, FLAT, shut, "", "ada"))


async def _confirm(made: Home, id_: StayId, *, anyway: bool = False) -> None:
    await made.hub.store.write(
        lambda tx: workflow.say(tx, made.hub.intake, id_, Stage.CONFIRMED, "", "ada", anyway=anyway)
    )


async def _cancelled(made: Home) -> StayId:
    new = NewStay(FLAT, FIRST, LAST, "Ada Lovelace")
    id_ = await made.hub.store.write(lambda tx: bookings.book(tx, made.hub.intake, new, "ada"))
    await made.hub.store.write(lambda tx: made.hub.intake.cancel_stay(tx, id_, "ada"))
    return id_


async def _restore(made: Home, id_: StayId, *, anyway: bool = False) -> None:
    await made.hub.store.write(lambda tx: bookings.restore(tx, made.hub.intake, id_, "ada", anyway=anyway))


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("kind", [StayKind.BLOCK, StayKind.UNKNOWN])
def test_nights_that_a_channel_closed_meanwhile_are_neither_confirmed_nor_given_back(
    tmp_path: Path, kind: StayKind
) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            await _other_channel(made)
            asked = await _report(made, "asked", StayKind.RESERVATION, StayStatus.TENTATIVE, FEED)
            cancelled = await _report(made, "cancelled", StayKind.RESERVATION, StayStatus.CANCELLED, FEED)
            await _report(made, "shut", kind, StayStatus.CONFIRMED, OTHER)
            for deed in (_confirm(made, asked, anyway=True), _restore(made, cancelled, anyway=True)):
                with pytest.raises(NotFree, match="channel") as caught:
                    await deed
                assert Reason.BLOCKED in caught.value.reasons
                assert not caught.value.soft
            row = await made.hub.store.read(lambda tx: stays.stay(tx, asked))
            assert row is not None
            assert row.status is StayStatus.TENTATIVE

    simulate(main())


def test_what_a_channel_closed_for_its_own_guest_is_in_nobodys_way(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            await _other_channel(made)
            asked = await _report(made, "asked", StayKind.RESERVATION, StayStatus.TENTATIVE, OTHER)
            await _report(made, "shut", StayKind.BLOCK, StayStatus.CONFIRMED, OTHER)
            await _confirm(made, asked)
            row = await made.hub.store.read(lambda tx: stays.stay(tx, asked))
            assert row is not None
            assert row.status is StayStatus.CONFIRMED

    simulate(main())


@pytest.mark.parametrize("kind", [ClosureKind.BLACKOUT, ClosureKind.MAINTENANCE])
def test_a_closed_unit_is_said_and_left_aside_where_a_person_says_so(tmp_path: Path, kind: ClosureKind) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            cancelled = await _cancelled(made)
            await _close(made, kind)
            with pytest.raises(NotFree) as caught:
                await _restore(made, cancelled)
            assert [reason.value for reason in caught.value.reasons] == [kind.value]
            assert caught.value.soft
            await _restore(made, cancelled, anyway=True)
            assert (await made.stay()).status is StayStatus.CONFIRMED

            await made.hub.store.write(lambda tx: made.hub.intake.cancel_stay(tx, cancelled, "ada"))
            asked = await _report(made, "asked", StayKind.RESERVATION, StayStatus.TENTATIVE, FEED)
            with pytest.raises(NotFree):
                await _confirm(made, asked)
            await _confirm(made, asked, anyway=True)
            assert (await made.stay("asked")).status is StayStatus.CONFIRMED

    simulate(main())


def test_a_stay_that_is_too_near_to_be_sold_comes_back_without_a_word(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            cancelled = await _cancelled(made)
            row = await made.stay()
            assert row.check_in is not None
            await made.until(row.check_in)
            await _restore(made, cancelled)
            assert (await made.stay()).status is StayStatus.CONFIRMED

    simulate(main())
