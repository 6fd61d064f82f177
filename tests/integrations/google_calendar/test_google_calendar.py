"""integrations.google_calendar against the documented protocol: both ways, without an echo, and whatever Google refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.contracts import Host
from hub.errors import Disappointment, Garbled, Misconfigured, Rejected, Unavailable
from hub.model.diary import Doing, Entry
from hub.model.facts import CalendarRead, EntryTouched, EventRead, Fact
from hub.model.values import StayKind, StayStatus
from integrations.google_calendar import Config, start
from integrations.google_calendar.calendar import GoogleCalendar, event_id
from tests.integrations.conftest import StoppedClock
from tests.simulators.google import CALENDAR, EMAIL, Google, error, key_file
from tests.simulators.managers.desk import Reply, front

FROM, UNTIL = datetime(2027, 3, 10, 15, tzinfo=UTC), datetime(2027, 3, 13, 10, tzinfo=UTC)
STAY = Entry("stay:01AAA", Doing.STAY, FROM, UNTIL, "Anna Berg")
LONGER = replace(STAY, end=UNTIL + timedelta(days=1))
SHUT = Entry("closure:01BBB", Doing.CLOSED, date(2027, 4, 1), date(2027, 4, 3))


class Hub:
    """What the hub does with the integration, without the hub."""

    def __init__(self, diary: GoogleCalendar) -> None:
        self.diary = diary
        self.cursor: str | None = None

    async def poll(self) -> list[Fact]:
        found: list[Fact] = []
        async for delivery in self.diary.fetch(self.cursor):
            facts = list(await self.diary.parse(delivery)) if delivery.body else []
            found += [fact for fact in facts if not (isinstance(fact, CalendarRead) and not fact.complete)]
            self.cursor = delivery.cursor or self.cursor
        return found


@pytest.fixture
def google(clock: StoppedClock) -> Google:
    return Google(clock.now)


@pytest.fixture
async def config(google: Google) -> AsyncIterator[Config]:
    """Over a real socket."""
    async with front(google) as address:
        google.address = address
        told = {"calendar": CALENDAR, "service_account": key_file(address), "address": address}
        yield Config.model_validate({**told, "timezone": "Europe/Berlin"})


@pytest.fixture
async def hub(config: Config, host: Host) -> Hub:
    async def tell(fact: Fact) -> None:
        assert isinstance(fact, EntryTouched)

    made = Hub(start(config, replace(host, tell=tell)))
    await made.poll()
    return made


def name(entry: Entry, hub: Hub) -> str:
    return event_id(hub.diary.book.uid(entry.id))


# ---- out ----


async def test_what_goes_on_in_a_unit_stands_there_with_initials(google: Google, hub: Hub) -> None:
    await hub.diary.show([STAY, SHUT])
    stay, shut = google.events[name(STAY, hub)], google.events[name(SHUT, hub)]
    assert (stay["summary"], shut["summary"]) == ("Guest: A. B.", "Closed")
    assert stay["start"] == {"dateTime": "2027-03-10T15:00:00Z"}
    assert shut["end"] == {"date": "2027-04-03"}
    assert "Berg" not in json.dumps(google.events)
    await hub.diary.show([LONGER])
    assert google.events[name(STAY, hub)]["end"] == {"dateTime": "2027-03-14T10:00:00Z"}
    assert google.shown == ["Guest: A. B."]


async def test_what_comes_back_after_it_was_deleted_is_made_anew_under_its_own_id(google: Google, hub: Hub) -> None:
    for _ in range(2):
        await hub.diary.show([STAY])
        assert google.shown == ["Guest: A. B."]
        await hub.diary.show([])
        assert google.shown == []
    assert await hub.poll() == []


async def test_what_we_wrote_is_never_news_and_nothing_is_written_again(google: Google, hub: Hub) -> None:
    await hub.diary.show([STAY, SHUT])
    writes = google.writes
    for _ in range(20):
        assert await hub.poll() == []
        await hub.diary.show([STAY, SHUT])
    assert google.writes == writes


# ---- in ----


@pytest.mark.parametrize(
    ("summary", "kind"), [("Block", StayKind.BLOCK), ("Owner stay", StayKind.OWNER), ("Party?", StayKind.UNKNOWN)]
)
async def test_what_a_person_writes_is_told_moves_and_goes(
    google: Google, hub: Hub, summary: str, kind: StayKind
) -> None:
    google.type("mine1", "2027-05-10", "2027-05-12", summary)
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    (stay,) = fact.stays
    assert (stay.kind, stay.arrival, stay.departure) == (kind, date(2027, 5, 10), date(2027, 5, 12))
    google.alter("mine1", end={"date": "2027-05-15"})
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    assert fact.stays[0].departure == date(2027, 5, 15)
    google.erase("mine1")
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    assert (fact.uid, fact.stays) == ("mine1", ())
    assert await hub.poll() == []


async def test_hours_are_those_of_the_house_and_what_is_free_closes_nothing(google: Google, hub: Hub) -> None:
    google.type("late1", "2027-05-10T22:30:00Z", "2027-05-12T08:00:00Z")
    google.type("free1", "2027-05-20", "2027-05-22", transparency="transparent")
    google.type("call1", "2027-05-20T08:00:00Z", "2027-05-20T09:00:00Z", "Call the plumber")
    late, free, call = [fact.stays[0] for fact in await hub.poll() if isinstance(fact, EventRead)]
    assert (late.arrival, late.departure) == (date(2027, 5, 11), date(2027, 5, 12))
    assert late.check_in == datetime(2027, 5, 10, 22, 30, tzinfo=UTC)
    assert free.status is call.status is StayStatus.UNUSABLE


async def test_everything_is_read_page_by_page(google: Google, hub: Hub) -> None:
    for number in range(7):
        google.type(f"mine{number}", f"2027-05-{10 + number}", f"2027-05-{11 + number}")
    assert len(await hub.poll()) == 7
    hub.cursor = None
    (fact,) = await hub.poll()
    assert isinstance(fact, CalendarRead)
    assert len(fact.stays) == 7


async def test_a_mark_that_google_has_forgotten_is_read_anew(google: Google, hub: Hub) -> None:
    await hub.diary.show([STAY])
    google.type("mine1", "2027-05-10", "2027-05-12")
    google.since = len(google.log)
    (fact,) = await hub.poll()
    assert isinstance(fact, CalendarRead)
    assert [each.uid for each in fact.stays] == ["mine1"]
    assert await hub.poll() == []


# ---- both at once ----


def touch(google: Google, hub: Hub, *, deleted: bool) -> None:
    if deleted:
        google.erase(name(STAY, hub))
    else:
        google.alter(name(STAY, hub), summary="Nobody")


@pytest.mark.parametrize("deleted", [False, True])
async def test_what_is_touched_there_of_ours_is_put_right_and_said(google: Google, hub: Hub, deleted: bool) -> None:
    await hub.diary.show([STAY])
    await hub.poll()
    touch(google, hub, deleted=deleted)
    (fact,) = await hub.poll()
    assert isinstance(fact, EntryTouched)
    assert fact.deleted is deleted
    await hub.diary.show([STAY])
    assert google.shown == ["Guest: A. B."]
    assert await hub.poll() == []


@pytest.mark.parametrize("deleted", [False, True])
async def test_whoever_edits_at_the_same_time_loses(google: Google, hub: Hub, deleted: bool) -> None:
    await hub.diary.show([STAY])
    touch(google, hub, deleted=deleted)
    await hub.diary.show([replace(STAY, guest="Ada King")])
    assert google.shown == ["Guest: A. K."]
    assert await hub.poll() == []


async def test_a_copy_of_ours_that_a_person_makes_is_their_own(google: Google, hub: Hub) -> None:
    await hub.diary.show([STAY])
    google.copy(name(STAY, hub), "copy1")
    (fact,) = await hub.poll()
    assert isinstance(fact, EventRead)
    assert fact.uid == "copy1"


# ---- trouble ----


async def trouble(hub: Hub) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await hub.poll()
    assert "PRIVATE" not in str(caught.value)
    assert "ya29" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (error(403, "rateLimitExceeded"), Unavailable),
        (error(403, "userRateLimitExceeded"), Unavailable),
        (error(403, "forbidden"), Rejected),
        (error(429, "rateLimitExceeded"), Unavailable),
        (error(500, "backendError"), Unavailable),
        (error(503, "backendError"), Unavailable),
        (error(404, "notFound"), Rejected),
        ((200, {}, b"<html>"), Garbled),
        ((200, {}, b"[]"), Garbled),
        ((200, {}, b"{}"), Garbled),
    ],
)
async def test_trouble_is_said_and_over_by_itself(
    google: Google, config: Config, host: Host, fault: Reply, kind: type[Disappointment]
) -> None:
    hub = Hub(start(config, host))
    await hub.poll()
    google.faults = [fault]
    assert type(await trouble(hub)) is kind
    google.type("mine1", "2027-05-10", "2027-05-12")
    assert len(await Hub(start(config, host)).poll()) == 1


async def test_after_too_many_requests_nothing_is_asked_for_a_minute(
    google: Google, config: Config, host: Host
) -> None:
    hub = Hub(start(config, host))
    await hub.poll()
    google.faults = [error(403, "rateLimitExceeded")]
    first = await trouble(hub)
    asked = len(google.asked)
    again = await trouble(hub)
    assert isinstance(first, Unavailable)
    assert isinstance(again, Unavailable)
    assert timedelta(seconds=50) < again.wait <= first.wait == timedelta(minutes=1)
    assert len(google.asked) == asked


async def test_a_token_is_kept_for_its_hour_and_over_a_restart(
    google: Google, config: Config, host: Host, clock: StoppedClock
) -> None:
    for _ in range(3):
        await Hub(start(config, host)).poll()
    assert len(google.tokens) == 1
    clock.turn(hours=1)
    await Hub(start(config, host)).poll()
    assert len(google.tokens) == 2


async def test_a_token_that_is_taken_back_is_replaced_once(google: Google, config: Config, host: Host) -> None:
    hub = Hub(start(config, host))
    await hub.poll()
    google.tokens.clear()
    await hub.poll()
    google.refuses = True
    assert isinstance(await trouble(hub), Rejected)


async def test_a_calendar_that_may_only_be_read_is_said(google: Google, hub: Hub) -> None:
    google.role = "reader"
    found = await hub.diary.test()
    assert not found.good
    assert EMAIL in found.words
    with pytest.raises(Rejected, match="not write"):
        await hub.diary.show([STAY])
    google.role = "writer"
    assert (await hub.diary.test()).words == "The calendar “Flat 1” answers, and can be read and written."


async def test_an_id_is_one_that_google_takes(hub: Hub) -> None:
    assert set(name(STAY, hub)) <= set("0123456789abcdefghijklmnopqrstuv")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"client_email": "a", "private_key": "b"}'])
async def test_a_key_file_that_is_none_is_said_without_repeating_it(host: Host, text: str) -> None:
    config = Config.model_validate({"calendar": CALENDAR, "service_account": text, "timezone": "UTC"})
    with pytest.raises(Misconfigured, match="whole text of a service account's key file") as caught:
        start(config, host)
    assert not text or text not in str(caught.value)


# ---- a calendar that does not exist yet ----


async def test_a_calendar_is_made_once_and_shared_also_where_the_answer_was_lost(
    google: Google, config: Config, host: Host
) -> None:
    google.made = [{"id": "another", "description": "something else", "summary": "Flat 1"}]
    diary = start(config.model_copy(update={"calendar": "any", "share_with": "staff@example.com"}), host)
    google.answers = False
    with pytest.raises(Unavailable):
        await diary.make("Flat 1", "gatehouse-flat-1")
    google.answers = True
    made = await diary.make("Flat 1", "gatehouse-flat-1")
    assert await diary.make("Flat 1", "gatehouse-flat-1") == made == "made-1@group.calendar.google.com"
    assert [(each["summary"], each.get("timeZone")) for each in google.made] == [
        ("Flat 1", None),
        ("Flat 1", "Europe/Berlin"),
    ]
    assert google.shared == {(made, "staff@example.com"): "writer"}
    assert await diary.make("Flat 2", "gatehouse-flat-2") == "made-2@group.calendar.google.com"
