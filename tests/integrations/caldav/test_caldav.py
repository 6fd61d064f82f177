"""integrations.caldav against Radicale: both ways, without an echo, and whoever else writes there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.contracts import Host
from hub.contracts.diaries import PREFIX
from hub.errors import Rejected
from hub.model.diary import Doing, Entry
from hub.model.facts import CalendarRead, EntryTouched, EventRead, Fact
from hub.model.values import StayKind, StayStatus
from integrations.caldav import Config, start
from integrations.caldav.calendar import CalDav
from tests.integrations.caldav.radicale import PASSWORD, USER, Radicale, radicale
from tests.integrations.conftest import StoppedClock

STAY = Entry(
    "stay:01AAA", Doing.STAY, datetime(2027, 3, 10, 15, tzinfo=UTC), datetime(2027, 3, 13, 10, tzinfo=UTC), "Anna Berg"
)
SHUT = Entry("closure:01BBB", Doing.MAINTENANCE, date(2027, 4, 1), date(2027, 4, 3), note="new boiler, please knock")
BLOCK = ("DTSTART;VALUE=DATE:20270510", "DTEND;VALUE=DATE:20270512", "SUMMARY:Block")


@dataclass(slots=True)
class Hub:
    """What the hub does with the integration, without the hub."""

    diary: CalDav
    cursor: str | None = None
    told: list[Fact] = field(default_factory=list)

    async def poll(self) -> list[Fact]:
        """What is news. That nothing is, is none."""
        found: list[Fact] = []
        async for delivery in self.diary.fetch(self.cursor):
            facts = list(await self.diary.parse(delivery)) if delivery.body else []
            found += [
                fact
                for fact in facts
                if fact != CalendarRead(delivery.channel, delivery.received_at, (), complete=False)
            ]
            self.cursor = delivery.cursor or self.cursor
        return found

    async def show(self, *entries: Entry) -> None:
        await self.diary.show(entries)

    def restart(self, host: Host) -> None:
        self.diary = start(self.diary._config, host)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Radicale]:
    folder = tmp_path / "radicale"
    folder.mkdir()
    async with radicale(folder) as made:
        yield made


def config(server: Radicale, **other: str) -> Config:
    told = {"url": server.url, "user": USER, "password": PASSWORD, "timezone": "Europe/Berlin"}
    return Config.model_validate(told | other)


@pytest.fixture
def house(host: Host) -> Host:
    """With an ear for what is told while something is written."""
    heard: list[Fact] = []

    async def tell(fact: Fact) -> None:
        heard.append(fact)

    (host.state_dir / "diary").mkdir()
    made = replace(host, tell=tell, state_dir=host.state_dir / "diary")
    tell.__dict__["heard"] = heard
    return made


def heard(house: Host) -> list[Fact]:
    found: list[Fact] = house.tell.__dict__["heard"]
    return found


@pytest.fixture
async def hub(server: Radicale, house: Host) -> Hub:
    made = Hub(start(config(server), house))
    await made.poll()
    return made


def reports(facts: Sequence[Fact]) -> dict[str, tuple[StayKind, StayStatus]]:
    return {
        each.uid: (each.kind, each.status)
        for fact in facts
        if isinstance(fact, EventRead | CalendarRead)
        for each in fact.stays
    }


# ---- out ----


async def test_what_goes_on_in_a_unit_stands_in_its_calendar_with_initials(server: Radicale, hub: Hub) -> None:
    await hub.show(STAY, SHUT)
    text = await server.everything()
    assert "SUMMARY:Guest: A. B." in text
    assert "DTSTART:20270310T150000Z" in text
    assert "DTEND:20270313T100000Z" in text
    assert "SUMMARY:Closed: maintenance: new boiler\\, please knock" in text
    assert "DTSTART;VALUE=DATE:20270401" in text
    assert "Berg" not in text


@pytest.mark.parametrize(("names", "shown"), [("guest", "SUMMARY:Guest\n"), ("name", "SUMMARY:Guest: Anna Berg\n")])
async def test_how_guests_are_called_is_a_setting(server: Radicale, house: Host, names: str, shown: str) -> None:
    await Hub(start(config(server, names=names), house)).show(STAY)
    assert shown in (await server.everything()).replace("\r", "")


async def test_a_stay_that_moves_keeps_its_name_and_counts_on(server: Radicale, hub: Hub) -> None:
    await hub.show(STAY)
    before = await server.everything()
    await hub.show(replace(STAY, end=STAY.end + timedelta(days=1)))
    after = await server.everything()
    uid = next(line for line in before.splitlines() if line.startswith("UID:"))
    assert uid in after
    assert after.count("BEGIN:VEVENT") == 1
    assert "SEQUENCE:0" in before
    assert "SEQUENCE:1" in after
    assert "DTEND:20270314T100000Z" in after


async def test_what_ends_early_is_taken_out(server: Radicale, hub: Hub) -> None:
    await hub.show(STAY, SHUT)
    await hub.show(SHUT)
    text = await server.everything()
    assert "Guest" not in text
    assert "maintenance" in text


async def test_what_is_over_stays_for_whoever_looks_back(server: Radicale, hub: Hub, clock: StoppedClock) -> None:
    await hub.show(STAY)
    clock.turn(days=90)
    await hub.show()
    assert "Guest" in await server.everything()
    (fact,) = await hub.poll()
    assert isinstance(fact, CalendarRead)
    assert fact.stays == (), "and is nobody's news"
    await hub.show()
    assert "Guest" in await server.everything()


# ---- echo ----


async def test_what_we_wrote_is_never_news_and_nothing_is_written_again(server: Radicale, hub: Hub) -> None:
    await hub.show(STAY, SHUT)
    before = (await server.ask("PROPFIND", Depth="1"))[1]
    for _ in range(20):
        assert await hub.poll() == []
        await hub.show(STAY, SHUT)
    assert (await server.ask("PROPFIND", Depth="1"))[1] == before


async def test_a_hub_that_starts_again_reads_nothing_of_its_own_as_news(
    server: Radicale, hub: Hub, house: Host
) -> None:
    await hub.show(STAY)
    hub.restart(house)
    hub.cursor = None
    (fact,) = await hub.poll()
    assert fact == CalendarRead(fact.channel, fact.at, ())  # type: ignore[union-attr]
    await hub.show(STAY)
    assert "SEQUENCE:0" in await server.everything()


@pytest.mark.parametrize("moment", ["before the answer", "after the answer"])
async def test_a_hub_that_is_killed_while_it_writes_finds_its_own_again(
    server: Radicale, hub: Hub, house: Host, moment: str
) -> None:
    await hub.show(STAY)
    kept = (house.state_dir / "written.json").read_bytes()
    moved = replace(STAY, end=STAY.end + timedelta(days=1))
    if moment == "after the answer":
        await hub.show(moved)
        told = hub.diary.book.lines[hub.diary.book.uid(STAY.id)]
        hub.diary.book.keep(hub.diary.book.uid(STAY.id), told)
        wanted = kept.replace(b'"wanted": ""', b'"wanted": "%s"' % told.look.encode())
        (house.state_dir / "written.json").write_bytes(wanted)
    hub.restart(house)
    assert await hub.poll() == []
    await hub.show(moved)
    text = await server.everything()
    assert text.count("BEGIN:VEVENT") == 1
    assert "DTEND:20270314T100000Z" in text
    assert heard(house) == []


# ---- in ----


async def test_what_a_person_writes_is_told_once_and_moves_and_goes(server: Radicale, hub: Hub) -> None:
    await server.write("mine", *BLOCK)
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    (stay,) = fact.stays
    assert (stay.kind, stay.arrival, stay.departure) == (StayKind.BLOCK, date(2027, 5, 10), date(2027, 5, 12))
    assert await hub.poll() == []
    await server.change("mine", "20270512", "20270515")
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    assert fact.stays[0].departure == date(2027, 5, 15)
    await server.delete("mine")
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    assert (fact.uid, fact.stays) == ("mine", ())
    assert await hub.poll() == []


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ("Block", StayKind.BLOCK),
        ("blocked: painter comes", StayKind.BLOCK),
        ("Hold for the Millers", StayKind.BLOCK),
        ("Owner stay", StayKind.OWNER),
        ("Owners", StayKind.OWNER),
        ("Grandma's birthday", StayKind.UNKNOWN),
        ("", StayKind.UNKNOWN),
    ],
)
async def test_words_mean_what_people_mean_by_them(server: Radicale, hub: Hub, summary: str, kind: StayKind) -> None:
    await server.write("mine", *BLOCK[:2], f"SUMMARY:{summary}")
    assert reports(await hub.poll()) == {"mine": (kind, StayStatus.CONFIRMED)}


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20270510T090000Z", "DTEND:20270510T100000Z", "SUMMARY:Call the plumber"),
        (*BLOCK[:2], "SUMMARY:School holidays", "TRANSP:TRANSPARENT"),
        ("SUMMARY:When?",),
    ],
)
async def test_what_closes_nothing_is_kept_and_shown(server: Radicale, hub: Hub, lines: tuple[str, ...]) -> None:
    status, _ = await server.ask("PUT", "odd.ics", _loose("odd", *lines), Content_Type="text/calendar")
    if status >= 400:
        return  # Radicale itself takes no event without a start
    assert reports(await hub.poll()) == {"odd": (StayKind.UNKNOWN, StayStatus.UNUSABLE)}


def _loose(uid: str, *lines: str) -> str:
    inside = "\r\n".join((f"UID:{uid}", "DTSTAMP:20270101T000000Z", *lines))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//p//EN\r\nBEGIN:VEVENT\r\n{inside}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


async def test_an_event_that_repeats_is_as_many_closures(server: Radicale, hub: Hub) -> None:
    await server.write("weekly", *BLOCK, "RRULE:FREQ=WEEKLY;COUNT=3")
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    assert [each.arrival for each in fact.stays] == [date(2027, 5, day) for day in (10, 17, 24)]


# ---- both at once ----


async def test_what_is_changed_there_of_ours_is_put_right_and_said(server: Radicale, hub: Hub) -> None:
    await hub.show(STAY)
    await hub.poll()
    name = next(iter(hub.diary.book.lines))
    await server.change(name, "Guest: A. B.", "Nobody")
    (fact,) = await hub.poll()
    assert isinstance(fact, EntryTouched)
    assert (fact.entry, fact.deleted) == ("stay:01AAA", False)
    assert await hub.poll() == [], "it is said once"
    await hub.show(STAY)
    assert "SUMMARY:Guest: A. B." in await server.everything()
    assert await hub.poll() == []


async def test_what_is_deleted_there_of_ours_is_put_back_and_said(server: Radicale, hub: Hub) -> None:
    await hub.show(STAY)
    await hub.poll()
    await server.delete(next(iter(hub.diary.book.lines)))
    (fact,) = await hub.poll()
    assert isinstance(fact, EntryTouched)
    assert fact.deleted
    await hub.show(STAY)
    assert "SUMMARY:Guest: A. B." in await server.everything()
    assert await hub.poll() == []


@pytest.mark.parametrize("gone", [False, True])
async def test_whoever_edits_at_the_same_time_is_told_and_the_house_wins(
    server: Radicale, hub: Hub, house: Host, gone: bool
) -> None:
    await hub.show(STAY)
    name = next(iter(hub.diary.book.lines))
    if gone:
        await server.delete(name)
    else:
        await server.change(name, "Guest: A. B.", "Nobody")
    await hub.show(replace(STAY, end=STAY.end + timedelta(days=1)))
    text = await server.everything()
    assert "Nobody" not in text
    assert "DTEND:20270314T100000Z" in text
    (fact,) = heard(house)
    assert isinstance(fact, EntryTouched)
    assert fact.deleted is gone
    assert await hub.poll() == []


async def test_what_is_edited_there_while_we_take_it_out_is_taken_out(server: Radicale, hub: Hub) -> None:
    await hub.show(STAY)
    await server.change(next(iter(hub.diary.book.lines)), "Guest: A. B.", "Nobody")
    await hub.show()
    assert "BEGIN:VEVENT" not in await server.everything()
    assert await hub.poll() == []


async def test_what_is_left_of_before_a_restore_is_taken_out(server: Radicale, hub: Hub, house: Host) -> None:
    before = (house.state_dir / "written.json").read_bytes()
    await hub.show(STAY)
    (house.state_dir / "written.json").write_bytes(before)
    hub.restart(house)
    assert await hub.poll() == []
    await hub.show()
    assert "BEGIN:VEVENT" not in await server.everything()


async def test_what_another_hub_writes_is_left_alone(server: Radicale, hub: Hub) -> None:
    await server.write("theirs", *BLOCK, uid=f"{PREFIX}another-stay-01ZZZ")
    assert await hub.poll() == []
    await hub.show()
    assert "another-stay" in await server.everything()


# ---- the connection ----


async def test_a_connection_is_tested_in_words(server: Radicale, house: Host) -> None:
    found = await start(config(server), house).test()
    assert (found.words, found.good) == ("The calendar “Flat 1” answers, and can be read and written.", True)


async def test_a_wrong_password_is_said_without_repeating_it(server: Radicale, house: Host) -> None:
    with pytest.raises(Rejected, match="does not accept the user name and password") as caught:
        await start(config(server, password="hunter2-wrong"), house).test()
    assert "hunter2" not in str(caught.value)


async def test_an_address_with_no_calendar_is_said(server: Radicale, house: Host) -> None:
    with pytest.raises(Rejected, match="no calendar at this address"):
        await start(config(server, url=server.url.replace("/flat/", "/")), house).test()
