"""What people say anew of a stay: other days, another guest, another party, as far as the house allows it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from hub import bookings
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.intake import NewStay
from hub.model.availability import Closed, ClosureKind, OwnRules, Reason
from hub.model.values import StayId, StayStatus
from hub.stay_changes import StayChange
from hub.store.stays import StayRow
from tests.simulators.home import FLAT, Home, home, simulate

FIRST, LAST = date(2027, 3, 10), date(2027, 3, 12)
BY = "account:robin"


async def _booked(
    house: Home, arrival: date = FIRST, departure: date = LAST, guest: str = "Ada Lovelace", **more: object
) -> StayId:
    new = NewStay(FLAT, arrival, departure, guest, **more)  # type: ignore[arg-type]
    return await house.hub.store.write(lambda tx: bookings.book(tx, house.hub.intake, new, BY, anyway=True))


async def _change(house: Home, id_: StayId, **said: object) -> None:
    await _say(house, id_, StayChange(**said))  # type: ignore[arg-type]


async def _say(house: Home, id_: StayId, said: StayChange, *, anyway: bool = False) -> None:
    await house.hub.store.write(lambda tx: bookings.change(tx, house.hub.intake, id_, said, BY, anyway=anyway))


async def _own(house: Home, **own: object) -> None:
    rules = OwnRules(**own)  # type: ignore[arg-type]
    await house.hub.store.write(lambda tx: bookings.set_rules(tx, house.hub.desk, None, FLAT, rules, BY))


def _contact(house: Home, row: StayRow) -> dict[str, str]:
    assert row.contact is not None
    opened: dict[str, str] = json.loads(house.hub.vault.open(row.contact, about=f"stay:{row.id}"))
    return opened


@pytest.mark.usefixtures("either_database")
def test_everything_that_was_said_of_a_stay_made_here_may_be_said_anew(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            id_ = await _booked(house, phone="+49 170 1234567", email="ada@example.com", guests=2)
            before = await house.digits_by_door(id_)
            await _change(house, id_, arrival=date(2027, 3, 9), departure=date(2027, 3, 13), guest="Ada King")
            await _change(house, id_, phone="+49 170 7654321", guests=4, children=1, infants=1, pets=0, note="the cot")
            await _change(
                house, id_, special_requests="A cot.\nLate dinner.", company=" Analytical  Ltd", country="Italy"
            )
            (row,) = await house.stays()
            assert (row.special_requests, row.company) == ("A cot.\nLate dinner.", "Analytical Ltd")
            assert (row.purpose, row.country) == ("", "Italy")
            assert (row.id, row.arrival, row.departure) == (id_, date(2027, 3, 9), date(2027, 3, 13))
            assert row.check_in == datetime(2027, 3, 9, 14, 0, tzinfo=UTC)
            assert (row.guests, row.adults, row.children, row.infants, row.pets) == (4, 3, 1, 1, 0)
            assert (row.guest, row.note, row.phone_last4) == ("Ada King", "the cot", "4321")
            assert _contact(house, row) == {"phone": "+49 170 7654321", "email": "ada@example.com"}
            assert await house.digits_by_door(id_) == before, "whoever has the code keeps it"
            await _change(house, id_, phone="", email="")
            (row,) = await house.stays()
            assert (row.contact, row.phone_last4) == (None, "")

    simulate(main())


def test_a_channel_says_days_and_party_of_its_own_stay_and_a_person_who_the_guest_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", FIRST, LAST, "", phone_last4="1234")
            await house.later(minutes=10)
            (row,) = await house.stays()
            await _change(house, row.id, guest="Ada Lovelace", phone="+49 170 9991234")
            house.rebook("a", guests=2)
            await house.later(minutes=10)
            (row,) = await house.stays()
            assert (row.guest, row.guests, row.phone_last4) == ("Ada Lovelace", 2, "1234")
            assert _contact(house, row)["phone"] == "+49 170 9991234"
            days, party, note = StayChange(arrival=date(2027, 3, 9)), StayChange(guests=3), StayChange(note="late")
            for said in (days, party, note):
                with pytest.raises(Rejected, match="its channel's to say"):
                    await _say(house, row.id, said)

    simulate(main())


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"arrival": LAST}, "the departure must be after the arrival"),
        ({"guests": 1, "children": 2}, "more children than guests"),
        ({"guest": " "}, "a guest has a name"),
        ({"arrival": date(2027, 1, 1), "departure": date(2027, 1, 3)}, "the day of arrival is over"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    tmp_path: Path, said: dict[str, object], words: str
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            id_ = await _booked(house)
            before = await house.stays()
            with pytest.raises(Rejected, match=words):
                await _change(house, id_, **said)
            assert await house.stays() == before

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_longer_stay_minds_the_rules_of_the_house_and_others_always(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _own(house, buffer=None, max_nights=4, capacity=2, children=False, pets=False)
            id_ = await _booked(house)
            shut = Closed(ClosureKind.MAINTENANCE, LAST, date(2027, 3, 14))
            await house.hub.store.write(lambda tx: bookings.close(tx, house.hub.desk, FLAT, shut, "", BY))
            for said, reasons in (
                (StayChange(departure=date(2027, 3, 13)), (Reason.MAINTENANCE,)),
                (StayChange(departure=date(2027, 3, 16)), (Reason.MAX_STAY, Reason.MAINTENANCE)),
                (StayChange(guests=3, children=1, pets=1), (Reason.CAPACITY, Reason.CHILDREN, Reason.PETS)),
                (StayChange(infants=1), (Reason.CHILDREN,)),
            ):
                with pytest.raises(NotFree) as caught:
                    await _say(house, id_, said)
                assert caught.value.reasons == reasons
                assert caught.value.soft
            await _change(house, id_, check_out=time(14))
            await _say(house, id_, StayChange(departure=date(2027, 3, 13)), anyway=True)
            await _change(house, id_, guest="Ada King", guests=2)  # what speaks against it already is no reason anew
            await _booked(house, date(2027, 3, 16), date(2027, 3, 18))
            with pytest.raises(NotFree) as caught:
                await _say(house, id_, StayChange(departure=date(2027, 3, 17)), anyway=True)
            assert Reason.BOOKED in caught.value.reasons

    simulate(main())


def test_children_and_pets_count_when_a_stay_is_made(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _own(house, children=False, pets=False)
            new = NewStay(FLAT, FIRST, LAST, "Ada Lovelace", guests=2, children=1, pets=1)
            with pytest.raises(NotFree) as caught:
                await house.hub.store.write(lambda tx: bookings.book(tx, house.hub.intake, new, BY))
            assert caught.value.reasons == (Reason.CHILDREN, Reason.PETS)

    simulate(main())


def test_a_guest_who_has_come_in_came_on_the_day_on_which_they_did(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            id_ = await _booked(house)
            await house.until(datetime(2027, 3, 10, 16, 0, tzinfo=UTC))
            await _change(house, id_, arrival=date(2027, 3, 11), guest="Ada King")
            (row,) = await house.stays()
            assert (row.arrival, row.status) == (date(2027, 3, 11), StayStatus.CONFIRMED), "they come a day later"
            await _say(house, id_, StayChange(arrival=FIRST), anyway=True)
            assert await house.driver.press("front", await house.digits("Ada King"))
            await house.later(minutes=1)
            with pytest.raises(Rejected, match="has come in already"):
                await _change(house, id_, arrival=date(2027, 3, 11))

    simulate(main())


def test_what_was_said_of_a_party_is_taken_away_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            id_ = await _booked(house, guests=4, children=1, infants=1, pets=1)
            await _say(house, id_, StayChange(uncounted=frozenset({"guests", "pets"})))
            row = await house.stay()
            assert (row.guests, row.adults, row.children, row.infants, row.pets) == (None, None, 1, 1, None)
            house.book("a", date(2027, 3, 20), date(2027, 3, 22), "Grace Hopper", guests=2)
            await house.later(minutes=4)
            of_a_channel = (await house.stay("Grace Hopper")).id
            with pytest.raises(Rejected, match="its channel's to say"):
                await _say(house, of_a_channel, StayChange(uncounted=frozenset({"guests"})))
            with pytest.raises(Rejected, match="what its guest asks for is its channel's to say"):
                await _say(house, of_a_channel, StayChange(special_requests="A cot"))

    simulate(main())


def test_later_hours_that_leave_too_little_time_between_two_stays_are_asked_about(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _own(house, buffer=timedelta(hours=4), max_nights=1)
            id_ = await _booked(house)  # until 11:00, and longer than the house allows
            await _booked(house, LAST, date(2027, 3, 13), guest="Grace Hopper")  # from 15:00
            with pytest.raises(NotFree) as caught:
                await _say(house, id_, StayChange(check_out=time(12)))
            assert (caught.value.reasons, caught.value.soft) == ((Reason.BUFFER,), True)
            await _say(house, id_, StayChange(check_out=time(12)), anyway=True)
            await _say(house, id_, StayChange(check_out=time(13)))  # it was decided already that they come close
            with pytest.raises(Rejected):
                await _say(house, id_, StayChange(check_out=time(16)), anyway=True)

    simulate(main())
