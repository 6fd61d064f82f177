"""A guest who comes again is known by e-mail and telephone, whatever the name; by the name alone only perhaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub import contacts, guests, returning, tidying
from hub.errors import Rejected
from hub.model.money import Money
from hub.model.values import StayId
from hub.returning import Guest
from hub.store import guests as kept
from hub.store import log, tables
from hub.store import stays as ledger
from hub.store.engine import Tx
from tests.simulators.home import Home, home, simulate

ADA = {"phone": "+49 170 1234567", "email": "ada@example.com"}


async def _known(house: Home, id_: StayId) -> Guest:
    def look(tx: Tx) -> Guest:
        row = ledger.stay(tx, id_)
        assert row is not None
        return returning.guest_of(tx, house.hub.desk, row)

    return await house.hub.store.read(look)


async def _ids(house: Home) -> list[StayId]:
    """By arrival."""
    return [row.id for row in sorted(await house.stays(), key=lambda row: str(row.arrival))]


def test_stays_with_one_address_or_one_telephone_are_one_guests(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4), "Ada Lovelace", **ADA, total=Money(20000, "EUR"))
            house.book("b", date(2027, 3, 5), date(2027, 3, 8), "A. Byron", email="ADA@example.com")
            house.book("c", date(2027, 3, 9), date(2027, 3, 10), "Ada L.", phone="0170 1234567")
            house.book("d", date(2027, 3, 11), date(2027, 3, 12), "Ada Lovelace", email="other@example.com")
            house.book("e", date(2027, 3, 13), date(2027, 3, 14), "Bob Stone")
            await house.later(days=5)
            first, second, third, fourth, fifth = await _ids(house)
            ada = await _known(house, first)
            assert [each.id for each in ada.others] == [third, second], "the latest first"
            assert [each.id for each in ada.maybe] == [fourth], "the name alone"
            assert (ada.came.stays, ada.came.nights, ada.came.to_come) == (2, 5, 1)
            assert ada.came.paid == (Money(20000, "EUR"),)
            assert [each.id for each in (await _known(house, third)).others] == [first]
            nobody = await _known(house, fifth)
            assert (nobody.others, nobody.maybe) == ((), ())

    simulate(scene())


def test_what_somebody_wrote_down_is_shown_at_every_stay_and_goes_with_the_guest(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4), **ADA)
            house.book("b", date(2027, 3, 8), date(2027, 3, 9), "A. Byron", email=ADA["email"])
            await house.later(hours=1)
            first, second = await _ids(house)
            store, desk = house.hub.store, house.hub.desk
            await store.write(lambda tx: returning.note(tx, desk, first, " Leaves late.\nHas a dog. ", "account:Robin"))
            assert [(each.text, each.by) for each in (await _known(house, second)).notes] == [
                ("Leaves late.\nHas a dog.", "account:Robin")
            ]
            told = await store.write(lambda tx: guests.export(tx, desk, first, "account:Robin"))
            assert [each["text"] for each in told["notes"]] == ["Leaves late.\nHas a dog."]
            deeds = await store.read(lambda tx: log.deeds(tx, f"stay:{first}"))
            assert "note on the guest" in [deed.action for deed in deeds]
            assert not [deed for deed in deeds if "dog" in deed.detail], "the trail is kept for ever"
            await store.write(lambda tx: kept.empty_stay(tx, first))
            again = await _known(house, second)
            assert (again.notes, again.others) == ((), ())

    simulate(scene())


def test_an_empty_note_takes_the_old_one_away_and_a_long_one_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(hours=1)
            [only] = await _ids(house)
            store, desk = house.hub.store, house.hub.desk
            await store.write(lambda tx: returning.note(tx, desk, only, "one", "account:Robin"))
            with pytest.raises(Rejected, match="at most 1000"):
                await store.write(lambda tx: returning.note(tx, desk, only, "x" * 1001, "account:Robin"))
            assert [each.text for each in (await _known(house, only)).notes] == ["one"]
            await store.write(lambda tx: returning.note(tx, desk, only, "  ", "account:Robin"))
            assert (await _known(house, only)).notes == ()
            with pytest.raises(Rejected, match="no stay"):
                await store.write(lambda tx: returning.note(tx, desk, StayId("nobody"), "one", "account:Robin"))

    simulate(scene())


def test_stays_of_before_there_were_marks_and_of_before_a_rotation_are_known_too(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4), **ADA)
            await house.later(hours=1)
            unmarked = update(tables.stays).values(email_mark=None, phone_mark=None)
            await house.hub.store.write(lambda tx: tx.sql.execute(unmarked))
            house.hub.vault.rotate()
            house.book("b", date(2027, 3, 8), date(2027, 3, 9), **ADA)
            await house.later(hours=1)
            first, second = await _ids(house)
            assert (await _known(house, second)).others == ()
            await house.hub.store.write(lambda tx: contacts.mark_old(tx, house.hub.vault))
            assert [each.id for each in (await _known(house, second)).others] == [first]
            house.hub.vault.rotate()
            assert [each.id for each in (await _known(house, second)).others] == [first], "marked under older keys"
            assert not await house.hub.store.read(lambda tx: kept.unmarked(tx, 10))

    simulate(scene())


def test_a_stay_whose_contact_is_damaged_holds_up_neither_other_stays_nor_the_tidying(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            for uid, day in (("a", 2), ("b", 8)):
                house.book(uid, date(2027, 3, day), date(2027, 3, day + 1), **ADA)
            await house.later(hours=1)
            first, second = await _ids(house)

            def damage(tx: Tx) -> None:
                tx.sql.execute(update(tables.stays).values(email_mark=None, phone_mark=None))
                tx.sql.execute(update(tables.stays).where(tables.stays.c.id == first).values(contact=b"damaged"))

            await house.hub.store.write(damage)
            await tidying.tidy(house.hub)
            assert not await house.hub.store.read(lambda tx: kept.unmarked(tx, 10))
            assert (await _known(house, second)).others == ()

    simulate(scene())


def test_an_address_that_everybody_has_makes_nobody_the_same(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4), email="guest@agency.example")
            await house.later(hours=1)
            [only] = await _ids(house)

            def many(tx: Tx) -> None:
                row = ledger.stay(tx, only)
                assert row is not None
                for number in range(kept.MOST + 1):
                    other = replace(row, id=StayId(f"other-{number}"), guest=f"Guest {number}", contact=None)
                    ledger.keep(tx, replace(other, arrival=None, departure=None, check_in=None, check_out=None))

            await house.hub.store.write(many)
            assert (await _known(house, only)).others == ()

    simulate(scene())


@pytest.mark.parametrize("address", ["ada-x1y2@guest.airbnb.com", "Alovel.123456@Guest.Booking.com "])
def test_an_address_that_a_platform_forwards_from_makes_nobody_the_same(tmp_path: Path, address: str) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            for number, name in enumerate(("Ada Lovelace", "Grace Hopper")):
                first = date(2027, 3, 10 + 3 * number)
                house.book(f"{number}", first, first + timedelta(days=2), name, email=address, email_is_proxy=True)
            await house.later(minutes=4)
            one = (await _ids(house))[0]
            assert (await _known(house, one)).others == ()
            row = await house.stay("Ada Lovelace")
            assert contacts.opened(house.hub.vault, row)["email"] == address, "it reaches the guest all the same"
            assert row.email_mark == contacts.NO_MARK

    simulate(main())
