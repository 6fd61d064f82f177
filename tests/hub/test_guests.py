"""What is kept of a guest is told and taken out on request, and what is old goes by itself."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, Text, insert, select, update

from hub import audit, forgetting, guests, tidying
from hub.errors import Rejected
from hub.io.vault import Vault
from hub.model.alerts import Course, Kind
from hub.model.facts import StayReported
from hub.model.keeping import REGISTER
from hub.model.money import Money
from hub.model.price_lines import LineKind, PriceLine
from hub.model.values import Address, LockId, PropertyId, StayId, StayStatus
from hub.model.workflow import CAME_IN, CAME_IN_THAT_DAY, Stage
from hub.store import alerts, chain, log, questions, stays, steps, tables
from hub.store import guests as kept
from hub.store import house as rooms
from hub.store.alerts import Alert
from hub.store.engine import Tx
from hub.store.log import Filter
from hub.store.questions import Question
from hub.store.stays import StayRow
from tests.simulators.home import FEED, ZONE, Home, home, simulate

NOTHING_OF_PEOPLE = {
    "alarms", "battery_readings", "channel_state", "channels", "lock_state", "locks", "meta", "properties",
    "booking_rules", "listings", "lock_answers", "lock_days", "telling_rules", "unit_locks", "units",
}  # fmt: skip
"""Of devices, of the house, and of channels as such; words of a lock or a service, never of a guest."""
EXTRA = {
    "phone": "+49 170 1234567",
    "email": "ada@example.com",
    "reference": "HMADA12345",
    "special_requests": "A cot for little Lovelace",
    "company": "Lovelace Analytical",
    "purpose": "the Lovelace wedding",
    "country": "Lovelace Islands",
    "raw": "SUMMARY:Ada Lovelace",
}


async def _stayed(house: Home) -> StayId:
    """A guest who came, went in, was looked at by the manager, and left."""
    taxi = (PriceLine(LineKind.SERVICE, 3_000, "A taxi for Lovelace"),)
    house.book("one", date(2027, 3, 1), date(2027, 3, 2), total=Money(45_050, "EUR"), lines=taxi, **EXTRA)
    await house.later(hours=8)
    stay = await house.stay()
    assert await house.driver.press("front", await house.digits())
    at = house.hub.clock.now()
    await house.hub.store.write(
        lambda tx: log.record(tx, at, "account:Robin", "code given", "lock:front", detail="for Ada Lovelace")
    )
    house.unbook("one")
    await house.later(days=1)
    return stay.id


def _said_of(tx: Tx, stay: StayId, at: datetime) -> None:
    seen = Course(found_at=at, raised_at=at)
    kind, about = Kind.GUEST_OUTSIDE, f"stay:{stay}"
    alerts.keep(tx, alerts.Alert("a", kind, about, None, "Ada Lovelace stands outside.", "", seen, over_at=at))
    questions.ask(tx, Question("q", "gone", stay, "Has Ada Lovelace left?", (("leave", "No"),), at))


def _everything(tx: Tx, house: Home) -> Iterator[str]:
    """All that anybody could find of a guest in the database with the house's own keys."""
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Text | LargeBinary):
                for value in tx.sql.scalars(select(column)):
                    yield f"{table.name}.{column.name}: {value!r}"
    stay = StayId(str(tx.sql.scalars(select(tables.stays.c.id)).first()))
    for channel, uid, box in kept.reports(tx, stay):
        yield f"report {channel} {uid}: {house.hub.vault.open(box.box, about=box.about)!r}"
    for _, box in kept.deliveries(tx, [FEED]):
        yield f"delivery: {house.hub.vault.open(box.box, about=box.about)!r}"


def test_an_erasure_leaves_no_trace_of_who_it_was_and_a_chain_that_is_whole(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            stay = await _stayed(house)
            store, desk = house.hub.store, house.hub.desk
            before = "\n".join(await store.read(lambda tx: list(_everything(tx, house))))
            alias = await store.read(lambda tx: chain.known_alias(tx, f"stay:{stay}"))
            assert alias is not None
            assert "Ada" in before
            links = await store.read(lambda tx: chain.links(tx, limit=10_000))
            done = await store.write(lambda tx: guests.erase(tx, desk, stay, stay, "account:Robin"))
            assert done.log_lines > 0
            after = "\n".join(await store.read(lambda tx: list(_everything(tx, house))))
            for word in ("Ada", "Lovelace", "1234567", "ada@example.com", "HMADA12345"):
                assert word not in after, next(line for line in after.splitlines() if word in line)
            assert '["service",3000,""]' in after, "what was paid remains, of nobody"
            assert f"aliases.alias: {alias!r}" not in after
            now = await store.read(lambda tx: chain.links(tx, limit=10_000))
            assert now[: len(links)] == links, "what was written stays as it was"
            assert ("erased", alias) in {(link.what, link.subject) for link in now}
            assert (await audit.verify(store, house.hub.state_dir, house.hub.clock.now())).wrong == ""
            await house.later(hours=1)
            assert "Ada" not in "\n".join(await store.read(lambda tx: list(_everything(tx, house))))

    simulate(scene())


def test_the_export_says_all_that_is_kept_and_why(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            stay = await _stayed(house)
            await house.hub.store.write(lambda tx: _said_of(tx, stay, house.hub.clock.now()))
            told = await house.hub.store.write(lambda tx: guests.export(tx, house.hub.desk, stay, "account:Robin"))
            text = json.dumps(told)
            for word in (*EXTRA.values(), "Ada Lovelace", "unlocked"):
                assert json.dumps(word)[1:-1] in text, word
            assert [each["what"] for each in told["access_log"]].count("unlocked") == 1
            assert {each["what"] for each in told["audit_chain"]} >= {"write", "clear", "unlocked"}
            assert told["stages"][0]["stage"] == "confirmed"
            assert [each["sentence"] for each in told["alerts"]] == ["Ada Lovelace stands outside."]
            assert [each["sentence"] for each in told["questions"]] == ["Has Ada Lovelace left?"]
            assert len(told["why"]) == len(REGISTER)
            deeds = await house.hub.store.read(lambda tx: log.deeds(tx, f"stay:{stay}"))
            assert deeds[0].action == "guest data exported"

    simulate(scene())


def test_the_export_says_what_cannot_be_opened_any_more(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 2), **EXTRA)
            await house.later(minutes=10)
            stay, lost = (await house.stay()).id, Vault([bytes(32)])

            def lose(tx: Tx) -> None:
                tx.sql.execute(update(tables.stays).values(contact=lost.seal(b"{}", about=f"stay:{stay}")))
                tx.sql.execute(update(tables.stay_sources).values(reported=b"damaged"))

            await house.hub.store.write(lose)
            told = await house.hub.store.write(lambda tx: guests.export(tx, house.hub.desk, stay, "account:Robin"))
            assert told["stay"]["contact"] == "(sealed with a key that this hub does not have)"
            assert [each["as_received"] for each in told["reports"]] == ["(damaged)"]

    simulate(scene())


def test_a_guest_who_may_still_come_in_is_not_erased(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            await house.later(hours=8)
            stay = (await house.stay()).id
            store, desk = house.hub.store, house.hub.desk
            with pytest.raises(Rejected, match="cancel it first"):
                await store.write(lambda tx: guests.erase(tx, desk, stay, stay, "console"))
            house.lock("front").silent = True
            await store.write(lambda tx: house.hub.intake.cancel_stay(tx, stay, "console"))
            await house.later(minutes=10)
            with pytest.raises(Rejected, match="may still hold a code"):
                await store.write(lambda tx: guests.erase(tx, desk, stay, stay, "console"))
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(minutes=30)
            with pytest.raises(Rejected, match="once more"):
                await store.write(lambda tx: guests.erase(tx, desk, stay, "yes", "console"))
            await store.write(lambda tx: guests.erase(tx, desk, stay, stay, "console"))
            assert (await house.stays())[0].guest == ""

    simulate(scene())


def test_a_guest_whose_code_never_came_into_a_lock_is_erased_at_once_and_the_digits_go(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("far", date(2027, 3, 20), date(2027, 3, 22))
            house.book("one", date(2027, 3, 10), date(2027, 3, 12), "Grace Hopper")
            await house.later(minutes=10)
            far, grace = (await house.stay()).id, (await house.stay("Grace Hopper")).id
            store, desk = house.hub.store, house.hub.desk
            await store.write(lambda tx: house.hub.intake.cancel_stay(tx, far, "console"))
            await store.write(lambda tx: house.hub.intake.cancel_stay(tx, grace, "console"))
            await store.write(lambda tx: guests.erase(tx, desk, far, far, "console"))
            assert await store.read(lambda tx: _sealed(tx, far)) == [None]
            await house.later(days=1)
            assert await store.read(lambda tx: _sealed(tx, grace)) == [None], "for whom nobody asked"

    simulate(scene())


def _sealed(tx: Tx, stay: StayId) -> list[bytes | None]:
    return list(tx.sql.scalars(select(tables.grants.c.pin).where(tables.grants.c.stay_id == stay)))


def test_the_access_log_is_kept_as_long_as_the_property_says(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path, log_days=3) as house:
            stay = await _stayed(house)
            count = len(await house.hub.store.read(lambda tx: chain.links(tx, limit=1000)))
            await house.later(days=4)
            left = await house.hub.store.read(lambda tx: log.entries(tx, Filter(stay=stay)))
            assert [each.what for each in left] == []
            links = await house.hub.store.read(lambda tx: chain.links(tx, limit=1000))
            assert len(links) >= count
            assert "purged" in {link.what for link in links}

    simulate(scene())


def test_when_a_guest_came_is_forgotten_with_the_access_log(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path, log_days=1) as house:
            id_ = await _stayed(house)
            store = house.hub.store
            came = (await house.stay()).arrived_at
            assert came is not None
            story = await store.read(lambda tx: steps.history(tx, id_))
            assert [came <= each.at <= came + timedelta(minutes=10) for each in story if each.why == CAME_IN] == [True]
            await house.later(days=1, hours=12)
            assert (await house.stay()).arrived_at is None
            story = await store.read(lambda tx: steps.history(tx, id_))
            told = {each.why: each.at.astimezone(ZONE) for each in story}
            assert (CAME_IN in told, f"{told[CAME_IN_THAT_DAY]:%d %H:%M}") == (False, "01 00:00")
            assert [each.after for each in story][-3:] == [Stage.CHECKED_IN, Stage.CHECKED_OUT, Stage.COMPLETED]

    simulate(scene())


def test_of_a_guest_who_is_still_there_it_is_known_that_they_came(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path, log_days=1) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 9))
            await house.later(hours=8)
            assert await house.driver.press("front", await house.digits())
            await house.later(days=2)
            assert await house.hub.store.read(lambda tx: log.entries(tx, Filter(what="unlocked"))) == []
            assert (await house.stay()).inside(house.hub.clock.now())

    simulate(scene())


LONG_AGO = datetime(2025, 2, 1, tzinfo=UTC)
"""More than 730 days before the first day of these houses."""


def _long_over(row: StayRow, id_: str, guest: str) -> StayRow:
    """A stay as somebody might bring it in from a list of past ones."""
    row = replace(row, check_in=LONG_AGO - timedelta(days=3), check_out=LONG_AGO)
    return replace(row, id=StayId(id_), channel_id=None, guest=guest, status=StayStatus.CONFIRMED)


def test_who_a_guest_was_is_forgotten_so_long_after_departure_and_one_who_comes_again_is_known(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("again", date(2027, 3, 20), date(2027, 3, 22), total=Money(12300, "EUR"), **EXTRA)
            await house.later(minutes=10)
            store, now, row = house.hub.store, house.hub.clock.now(), await house.stay()

            def past(tx: Tx) -> None:
                stays.keep(tx, _long_over(row, "old", "Ada Lovelace"))
                log.record(tx, LONG_AGO, "account:Robin", "code given", "lock:front", detail="for Ada Lovelace")
                log.record(tx, LONG_AGO, "account:Robin", "stay made", "stay:old", detail="by telephone")
                log.record(tx, now, "account:Robin", "code given", "lock:front", detail="for Ada Lovelace again")

            await store.write(past)
            await tidying.tidy(house.hub)
            rows = {each.id: each for each in await house.stays()}
            old = rows[StayId("old")]
            assert (old.guest, old.contact, old.email_mark, old.reference) == ("", None, None, "")
            assert (old.check_out, old.total) == (LONG_AGO, Money(12300, "EUR"))
            assert rows[row.id] == row
            said = await store.read(lambda tx: [each.detail for each in log.deeds(tx, "lock:front")])
            assert said == ["for Ada Lovelace again", ""]
            deeds = await store.read(lambda tx: log.deeds(tx, "property:house"))
            assert [(each.actor, each.action) for each in deeds] == [("gatehouse", "guests forgotten")]
            assert deeds[0].detail == "guests of 1 stays that were over before 2025-03-01, 0 lines of the access log"
            assert await store.read(lambda tx: chain.known_alias(tx, "stay:old")) is None
            assert (await audit.verify(store, house.hub.state_dir, now)).wrong == ""
            await tidying.tidy(house.hub)
            assert len(await store.read(lambda tx: log.deeds(tx, "property:house"))) == 1

    simulate(scene())


@pytest.mark.parametrize(("days", "left"), [(0, 41), (730, 0)])
def test_hundreds_of_guests_are_forgotten_in_one_night_and_nobody_where_a_property_says_so(
    tmp_path: Path, days: int, left: int
) -> None:
    async def scene() -> None:
        async with home(tmp_path, guest_days=days) as house:
            house.book("one", date(2027, 3, 20), date(2027, 3, 22))
            await house.later(minutes=10)
            row = await house.stay()
            for number in range(2 * forgetting.AT_ONCE + 1):
                past = _long_over(row, f"s{number}", f"Guest {number}")
                await house.hub.store.write(partial(stays.keep, row=replace(past, status=StayStatus.CANCELLED)))
            await tidying.tidy(house.hub)
            assert len([each for each in await house.stays() if each.guest.startswith("Guest")]) == left

    simulate(scene())


@pytest.mark.parametrize("on_request", [False, True])
def test_a_guest_who_was_forgotten_stays_so_whatever_their_channel_tells_again(
    tmp_path: Path, on_request: bool
) -> None:
    async def scene() -> None:
        async with home(tmp_path, guest_days=0 if on_request else 1) as house:
            store, intake = house.hub.store, house.hub.intake
            report = house.book("one", date(2027, 3, 1), date(2027, 3, 2), guests=2, note="late", **EXTRA)
            await house.later(days=2, hours=6)
            stay = await house.stay()
            if on_request:
                await store.write(lambda tx: guests.erase(tx, house.hub.desk, stay.id, stay.id, "console"))
            await tidying.tidy(house.hub)
            (row,) = await house.stays()
            assert row.guest == ""

            taxi = (PriceLine(LineKind.SERVICE, 3_000, "A taxi for Lovelace"),)

            async def told_again(uid: str, guest: str) -> list[StayRow]:
                again = replace(report, uid=uid, guest=guest, total=Money(12300, "EUR"), lines=taxi)
                await store.write(
                    lambda tx: intake.absorb(tx, StayReported(FEED, house.hub.clock.now(), again), str(FEED))
                )
                return await house.stays()

            (row,) = await told_again("one", "Ada L. Lovelace")
            assert (row.guest, row.contact, row.guests, row.note, row.special_requests) == ("", None, None, "", "")
            assert (row.total, row.price.rest) == (Money(12300, "EUR"), 9_300), "what is of nobody is heard"
            assert [
                line for line in await store.read(lambda tx: list(_everything(tx, house))) if "Lovelace" in line
            ] == []

            if on_request:
                return
            only = update(tables.stays).values(special_requests="A cot for little Lovelace")
            await store.write(lambda tx: tx.sql.execute(only))
            await tidying.tidy(house.hub)
            assert [each.special_requests for each in await house.stays()] == [""]

    simulate(scene())


def test_who_cancelled_is_forgotten_so_long_after_that_however_far_the_days_were(tmp_path: Path) -> None:
    """R608: a booking of next year that was called off is nobody's business until then."""

    async def scene() -> None:
        async with home(tmp_path, guest_days=10) as house:
            report = house.book("one", date(2028, 1, 10), date(2028, 1, 12), **EXTRA)
            await house.later(minutes=10)
            house.rebook("one", status=StayStatus.CANCELLED)
            await house.later(days=9)
            await tidying.tidy(house.hub)
            assert [each.guest for each in await house.stays()] == ["Ada Lovelace"]
            await house.later(days=1, hours=1)
            await tidying.tidy(house.hub)
            assert [each.guest for each in await house.stays()] == [""]
            again = replace(report, status=StayStatus.CANCELLED, note="again")
            told = StayReported(FEED, house.hub.clock.now(), again)
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, told, str(FEED)))
            assert [(each.guest, each.note) for each in await house.stays()] == [("", "")]

    simulate(scene())


def test_a_guest_whose_code_a_lock_may_still_hold_is_not_forgotten(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            await house.later(hours=8)
            house.lock("front").silent = True
            store, stay = house.hub.store, await house.stay()
            await store.write(lambda tx: house.hub.intake.cancel_stay(tx, stay.id, "console"))
            past = update(tables.stays).values(check_in=LONG_AGO - timedelta(days=3), check_out=LONG_AGO)
            await store.write(lambda tx: tx.sql.execute(past))
            await tidying.tidy(house.hub)
            assert [each.guest for each in await house.stays()] == ["Ada Lovelace"]
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(minutes=30)
            await tidying.tidy(house.hub)
            assert [each.guest for each in await house.stays()] == [""]

    simulate(scene())


def test_what_alerts_say_and_who_held_which_place_goes_with_each_propertys_own_log(tmp_path: Path) -> None:
    """Ruling H12: 30 days, unless a property chooses otherwise."""

    async def scene() -> None:
        async with home(tmp_path, log_days=10) as house:
            store, now = house.hub.store, house.hub.clock.now()

            def past(tx: Tx) -> None:
                (place,), (lock,) = rooms.properties(tx), rooms.locks(tx)
                other = replace(place, id=PropertyId("other"), log_days=60)
                rooms.keep_property(tx, other)
                away = replace(lock, id=LockId("away"), property=other.id, address=Address("away"))
                rooms.keep_lock(tx, away)
                for number, (where, days) in enumerate(
                    (place, days) for place in (place.id, other.id, None) for days in (9, 20)
                ):
                    ended = now - timedelta(days=days)
                    course = Course(ended, raised_at=ended)
                    said = f"{where} {days}: Ada Lovelace has no code."
                    row = Alert(
                        f"A{number}", Kind.CODE_LATE, f"stay:{number}", where, said, "Tell Ada.", course, over_at=ended
                    )
                    alerts.keep(tx, row)
                    for door in (lock.id, away.id):
                        told = {"lock_id": door, "slot": number, "grant_id": "g", "since": ended, "until": ended}
                        tx.sql.execute(insert(tables.slot_holders).values(**told))

            await store.write(past)
            await tidying.tidy(house.hub)
            said = await store.read(
                lambda tx: sorted(
                    tx.sql.scalars(select(tables.alerts.c.sentence).where(tables.alerts.c.id.startswith("A")))
                )
            )
            assert [each[:9] for each in said] == [
                "None 9: A",
                *["What it s"] * 2,
                "house 9: ",
                "other 20:",
                "other 9: ",
            ]
            held = select(tables.slot_holders.c.lock_id, tables.slot_holders.c.slot).order_by(
                tables.slot_holders.c.slot
            )
            left = await store.read(lambda tx: tx.sql.execute(held).all())
            assert sorted(set(left)) == [("away", each) for each in range(6)] + [("front", each) for each in (0, 2, 4)]

    simulate(scene())


def test_every_table_says_what_it_keeps_of_people() -> None:
    named = {each.partition(".")[0] for entry in REGISTER for each in entry.tables}
    there = {table.name for table in tables.metadata.sorted_tables}
    assert named & NOTHING_OF_PEOPLE == set()
    assert there - named - NOTHING_OF_PEOPLE == set(), "say in hub/model/keeping.py what it keeps of people, and why"
