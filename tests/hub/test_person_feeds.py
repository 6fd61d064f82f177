"""The calendar that a person's telephone subscribes to: where they may enter, and as long as they work here."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from hub import people, person_feeds
from hub.model.diary import Naming
from hub.model.passes import Turnover
from hub.model.people import PersonKind
from hub.model.values import LockId, PersonId
from hub.people import Who, Wish
from hub.store.engine import Tx
from tests.simulators.home import FLAT, Home, home, simulate

EXTRA = {"phone": "+49 170 1234567", "email": "ada@example.com", "reference": "HMADA12345"}


async def _maria(house: Home, *, wish: Wish | None = None) -> PersonId:
    desk = house.hub.desk

    def work(tx: Tx) -> PersonId:
        id_ = people.add(tx, desk, Who("Maria", PersonKind.CLEANER, phone="+49 171 7654321"), "account:Robin")
        if wish is not None:
            people.give(tx, desk, id_, wish, "account:Robin")
        return id_

    return await house.hub.store.write(work)


async def _link(house: Home, id_: PersonId, names: Naming = Naming.INITIALS) -> str:
    path = await house.hub.store.write(lambda tx: person_feeds.make(tx, house.hub.desk, id_, names, "account:Robin"))
    return path.removeprefix(person_feeds.PATH).removesuffix(".ics")


async def _read(house: Home, token: str) -> str | None:
    body = await house.hub.store.write(lambda tx: person_feeds.fetch(tx, house.hub.desk, token))
    return None if body is None else body.decode().replace("\r\n ", "")


@pytest.mark.usefixtures("either_database")
def test_a_cleaner_sees_who_stays_and_what_is_to_be_made_ready(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 4), **EXTRA)
            house.book("two", date(2027, 3, 4), date(2027, 3, 6), guest="Bob Dylan")
            await house.later(minutes=5)
            token = await _link(house, await _maria(house, wish=Wish((LockId("front"),), Turnover(FLAT))))
            text = await _read(house, token)
            assert text is not None
            titles = [line for line in text.splitlines() if line.startswith("SUMMARY:")]
            assert titles == [
                "SUMMARY:Flat: Guest: A. L.",
                "SUMMARY:Flat: Guest: B. D.",
                "SUMMARY:Flat: Turnover",
                "SUMMARY:Flat: Turnover",
            ]
            assert "DTSTART:20270304T100000Z" in text, "made ready from check-out"
            assert text.count("DTEND:20270304T140000Z") == 1, "to the next check-in"
            digits = await house.digits()
            for secret in (digits, "+49", "ada@example.com", "HMADA12345", "Lovelace", "Dylan"):
                assert secret not in text

    simulate(main())


def test_where_no_pass_lets_them_in_nothing_is_shown(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(minutes=5)
            id_ = await _maria(house)
            token = await _link(house, id_, Naming.FULL)
            text = await _read(house, token)
            assert text is not None
            assert "BEGIN:VEVENT" not in text
            wish = Wish((LockId("front"),), until=house.hub.clock.now() + timedelta(days=1))
            await house.hub.store.write(lambda tx: people.give(tx, house.hub.desk, id_, wish, "account:Robin"))
            text = await _read(house, token)
            assert text is not None
            assert "Ada Lovelace" in text
            await house.later(days=2)
            text = await _read(house, token)
            assert text is not None
            assert "BEGIN:VEVENT" not in text

    simulate(main())


def test_a_link_ends_with_the_person_and_when_it_is_made_anew_or_ended(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            id_, desk = await _maria(house), house.hub.desk
            first = await _link(house, id_)
            second = await _link(house, id_)
            assert await _read(house, first) is None
            assert await _read(house, second) is not None
            await house.hub.store.write(lambda tx: people.leave(tx, desk, id_, "account:Robin"))
            assert await _read(house, second) is None
            await house.hub.store.write(lambda tx: people.come_back(tx, desk, id_, "account:Robin"))
            assert await _read(house, second) is not None
            await house.hub.store.write(lambda tx: person_feeds.end(tx, desk, id_, "account:Robin"))
            assert await _read(house, second) is None
            assert await _read(house, "x" * 32) is None

    simulate(main())


def test_the_same_is_told_in_the_same_bytes(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(minutes=5)
            token = await _link(house, await _maria(house, wish=Wish((LockId("front"),))))
            before = await _read(house, token)
            await house.later(minutes=30)
            assert await _read(house, token) == before

    simulate(main())
