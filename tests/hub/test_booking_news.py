"""Managers, and whoever else wants it, are told of new, changed and cancelled bookings: once, together, and in time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import people, person_feeds
from hub.booking_news import BookingNews
from hub.contracts import Integration, Performer
from hub.errors import Rejected, Unavailable
from hub.intake import NewStay
from hub.model.alerts import QuietHours, Way
from hub.model.booking_news import GATHER, News, Shape, What, joined
from hub.model.diary import Naming
from hub.model.effects import Effect, SendEmail, SendSms
from hub.model.people import PersonKind
from hub.model.values import PersonId, PropertyId, StayId, StayKind, StayStatus, UnitId
from hub.people import Who
from hub.store import alerts, house
from hub.store import booking_news as rows
from hub.store.alerts import Listed, Sent, Wishes
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, Origin, Unit
from tests.hub.test_commands import ask
from tests.simulators.home import FLAT, START, Home, home, simulate

HOUSE, ROSA, OTTO = PropertyId("house"), "rosa@example.com", "otto@example.com"
BY = "account:Robin"
ARRIVAL, DEPARTURE = date(2027, 3, 8), date(2027, 3, 12)
NIGHT = QuietHours(time(22), time(7))


class Post(Integration):
    """Sends e-mails and text messages, as it is in the mood to."""

    def __init__(self) -> None:
        self.mails: list[SendEmail] = []
        self.texts: list[SendSms] = []
        self.keys: list[str] = []
        self.mood: Exception | None = None

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {SendEmail: self._send, SendSms: self._send}

    async def _send(self, effect: Effect, key: str) -> None:
        assert isinstance(effect, SendEmail | SendSms)
        if self.mood is not None:
            raise self.mood
        self.keys.append(key)
        if isinstance(effect, SendEmail):
            self.mails.append(effect)
        else:
            self.texts.append(effect)

    @property
    def subjects(self) -> list[tuple[str, str]]:
        return [(mail.to, mail.subject) for mail in self.mails]


async def _add(made: Home, who: Who) -> PersonId:
    desk = made.hub.desk
    return await made.hub.store.write(lambda tx: people.add(tx, desk, who, BY))


async def _take(made: Home, arrival: date, nights: int, guest: str) -> StayId:
    """A booking that Robin makes here."""
    new = NewStay(FLAT, arrival, arrival + timedelta(days=nights), guest)
    return await made.hub.store.write(lambda tx: made.hub.intake.add_stay(tx, new, BY))


async def _link(made: Home, person: PersonId, names: Naming) -> None:
    desk = made.hub.desk
    await made.hub.store.write(lambda tx: person_feeds.make(tx, desk, person, names, BY))


async def _note(made: Home, place: PropertyId, news: News) -> None:
    await made.hub.store.write(lambda tx: rows.note(tx, place, news))


def _with_post(made: Home) -> Post:
    post = Post()
    made.hub.plugins.add_service("post", post)
    return post


def _played(folder: Path, work: Callable[[Home, Post], Awaitable[None]], start: datetime = START) -> None:
    """With Rosa, who is the manager."""

    async def main() -> None:
        async with home(folder, start=start) as made:
            post = _with_post(made)
            await _add(made, Who("Rosa", PersonKind.MANAGER, email=ROSA))
            await made.later(minutes=1)
            await work(made, post)

    simulate(main())


async def _wish(made: Home, *readers: Listed, quiet: QuietHours | None = None) -> None:
    await made.hub.store.write(lambda tx: made.hub.alerts.wish(tx, Wishes(HOUSE, quiet, readers=readers), BY))


async def _quiet(made: Home) -> None:
    await made.hub.store.write(lambda tx: made.hub.alerts.wish(tx, Wishes(HOUSE, NIGHT), BY))


def test_a_new_booking_is_told_to_the_manager_by_name_and_with_what_it_means_for_the_doors(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.book("1", ARRIVAL, DEPARTURE, guests=2)
        await made.later(minutes=10)
        assert post.subjects == [(ROSA, "New booking: Flat, 8–12 March")]
        assert post.mails[0].text == (
            "House\n\nNew\n"
            "- Flat, 8–12 March: Ada Lovelace. 2 guests. From feed. "
            "Its code works from 8 March, 14:00 to 12 March, 11:00.\n\n"
            "Who is told of bookings is said on the page “Who is told” of the hub.\n"
        )
        assert await made.digits() not in post.mails[0].text
        (told,) = await made.hub.store.read(alerts.news_told)
        assert (told.name, told.way, told.state) == ("Rosa", Way.EMAIL, Sent.SENT)
        assert await made.hub.store.read(alerts.trials) == []

    _played(tmp_path, work)


def test_what_a_channel_changes_is_told_from_what_to_what(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.book("1", ARRIVAL, DEPARTURE, guests=2)
        await made.later(minutes=10)
        made.rebook("1", departure=date(2027, 3, 14), guests=3)
        await made.later(minutes=10)
        assert post.subjects[1:] == [(ROSA, "Changed booking: Flat, 8–14 March")]
        (line,) = [line for line in post.mails[1].text.splitlines() if line.startswith("- ")]
        assert line == (
            "- Flat, 8–14 March: Ada Lovelace. Moved from 8–12 March to 8–14 March; 3 guests, were 2, by feed. "
            "Its code now works from 8 March, 14:00 to 14 March, 11:00."
        )

    _played(tmp_path, work)


def test_a_cancelled_booking_is_told_with_who_and_why(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        hub = made.hub
        id_ = await _take(made, ARRIVAL, 4, "Ada Lovelace")
        await made.later(minutes=10)
        assert "Made here by Robin" in post.mails[0].text
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, BY))
        await made.later(minutes=10)
        assert post.subjects[1:] == [(ROSA, "Cancelled booking: Flat, 8–12 March")]
        assert "- Flat, 8–12 March: Ada Lovelace. By Robin. Its code leaves the locks.\n" in post.mails[1].text

    _played(tmp_path, work)


def test_what_happens_within_minutes_is_one_message_and_what_is_undone_meanwhile_is_none(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        hub = made.hub
        for number in range(5):
            day = date(2027, 4, 1) + timedelta(days=3 * number)
            await _take(made, day, 2, f"Guest {number}")
            await made.later(minutes=1)
        id_ = await _take(made, ARRIVAL, 4, "Ada Lovelace")
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, BY))
        await made.later(minutes=20)
        assert post.subjects == [(ROSA, "Bookings of House: 5 new")]
        assert "Ada" not in post.mails[0].text
        id_ = await _take(made, ARRIVAL, 4, "Ada Lovelace")
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, BY))
        await made.later(minutes=20)
        assert len(post.mails) == 1, "what came and went is no news"

    _played(tmp_path, work)


def test_a_steady_trickle_is_told_every_quarter_of_an_hour(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        for number in range(20):
            day = date(2027, 4, 1) + timedelta(days=3 * number)
            await _take(made, day, 2, f"Guest {number}")
            await made.later(minutes=2)
        assert [subject for _, subject in post.subjects] == ["Bookings of House: 8 new", "Bookings of House: 8 new"]

    _played(tmp_path, work)


def test_a_channels_first_reading_is_one_line_and_its_past_none(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.book("old", date(2027, 2, 20), date(2027, 2, 27), "Long gone")
        for number in range(48):
            day = date(2027, 4, 1) + timedelta(days=3 * number)
            made.book(f"{number}", day, day + timedelta(days=2), f"Guest {number}")
        await made.later(minutes=20)
        assert post.subjects == [(ROSA, "Bookings of House: 48 new")]
        text = post.mails[0].text
        assert "The channel feed was read for the first time: 48 bookings, 1 April – 22 August." in text
        assert "Guest" not in text
        assert "Long gone" not in text
        await made.later(hours=2)
        for number in range(30):
            day = date(2027, 9, 1) + timedelta(days=3 * number)
            made.book(f"more {number}", day, day + timedelta(days=2), f"Later {number}")
        await made.later(minutes=20)
        text = post.mails[1].text
        assert text.count("\n- ") == 20
        assert "And 10 more: 10 new. They are on the page Stays of the hub." in text

    _played(tmp_path, work)


def test_a_booking_that_cannot_be_used_any_more_is_told_as_such(tmp_path: Path) -> None:
    """Whatever it is that is wrong with it: not only its dates may be."""

    async def work(made: Home, post: Post) -> None:
        made.book("1", ARRIVAL, DEPARTURE)
        await made.later(minutes=10)
        made.rebook("1", status=StayStatus.UNUSABLE, note="this booking cannot be used: its listing is missing")
        await made.later(minutes=10)
        assert "By feed: what was told of it cannot be used." in post.mails[1].text

    _played(tmp_path, work)


def test_closures_notes_prices_and_a_guest_who_comes_in_are_no_news(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.book("1", date(2027, 3, 1), date(2027, 3, 2), guests=2)
        made.book("2", date(2027, 3, 20), date(2027, 3, 22), "", kind=StayKind.UNKNOWN)
        made.book("3", date(2027, 3, 24), date(2027, 3, 26), "", kind=StayKind.BLOCK)
        await made.later(minutes=10)
        assert len(post.mails) == 1
        made.rebook("1", note="arrives late", phone="+44 20 7946 0018")
        await made.until(datetime(2027, 3, 1, 15, tzinfo=UTC))
        assert await made.driver.press("front", await made.digits())
        await made.until(datetime(2027, 3, 2, 11, tzinfo=UTC))
        assert len(post.mails) == 1
        assert await made.hub.store.read(rows.waiting) == {}

    _played(tmp_path, work)


def test_a_closure_that_turns_out_to_be_a_guests_is_a_new_booking(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.book("1", ARRIVAL, DEPARTURE, "", kind=StayKind.UNKNOWN)
        await made.later(minutes=10)
        made.rebook("1", kind=StayKind.RESERVATION, guest="Ada Lovelace")
        await made.later(minutes=10)
        assert post.subjects == [(ROSA, "New booking: Flat, 8–12 March")]

    _played(tmp_path, work)


def test_an_owner_who_is_chosen_reads_initials_or_what_their_calendar_says(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        otto = await _add(made, Who("Otto", PersonKind.OWNER, email=OTTO, phone="+49 170 1"))
        await _wish(made, Listed(otto))
        made.book("1", ARRIVAL, DEPARTURE)
        await made.later(minutes=10)
        assert [mail.to for mail in post.mails] == [OTTO], "the managers are told where nobody is chosen"
        assert "Flat, 8–12 March: A. L." in post.mails[0].text
        assert [(sms.to, sms.text) for sms in post.texts] == [("+49 170 1", "House: new Flat, 8–12 March (A. L.)")]
        for names, line in (
            (Naming.NOBODY, "- Flat, 8–13 March. Moved"),
            (Naming.FULL, "- Flat, 8–14 March: Ada Love"),
        ):
            await _link(made, otto, names)
            made.rebook("1", departure=date(2027, 3, 13 if names is Naming.NOBODY else 14))
            await made.later(minutes=10)
            assert line in post.mails[-1].text
        assert post.texts[1].text == "House: changed Flat, 8–13 March"

    _played(tmp_path, work)


def test_nobody_is_told_where_a_property_wants_that(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        await _wish(made)
        made.book("1", ARRIVAL, DEPARTURE)
        await made.later(hours=1)
        assert (post.mails, await made.hub.store.read(rows.waiting)) == ([], {})

    _played(tmp_path, work)


@pytest.mark.parametrize(("mood", "state"), [(Rejected("no such mailbox"), Sent.REFUSED), (None, Sent.SENT)])
def test_a_message_that_is_refused_says_so_and_is_not_sent_again(
    tmp_path: Path, mood: Exception | None, state: Sent
) -> None:
    async def work(made: Home, post: Post) -> None:
        post.mood = mood
        made.book("1", ARRIVAL, DEPARTURE)
        await made.later(minutes=10)
        (told,) = await made.hub.store.read(alerts.news_told)
        assert told.state is state
        post.mood = None
        await made.later(hours=3)
        assert len(post.mails) == (0 if mood else 1)

    _played(tmp_path, work)


def test_at_night_only_what_begins_before_the_morning_is_told(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        await _quiet(made)
        await made.until(datetime(2027, 3, 1, 22, 30, tzinfo=UTC))  # half past eleven there
        made.book("later", ARRIVAL, DEPARTURE, "Ada Lovelace")
        made.book("tonight", date(2027, 3, 1), date(2027, 3, 3), "Bob Dylan")
        await made.later(minutes=15)
        assert post.subjects == [(ROSA, "New booking: Flat, 1–3 March")]
        await made.until(datetime(2027, 3, 2, 5, 55, tzinfo=UTC))
        assert len(post.mails) == 1
        await made.until(datetime(2027, 3, 2, 6, 5, tzinfo=UTC))
        assert post.subjects[1:] == [(ROSA, "New booking: Flat, 8–12 March")]

    _played(tmp_path, work)


def test_a_move_to_another_property_is_told_at_both(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        other = PropertyId("other")

        def furnish(tx: Tx) -> None:
            place = house.property_with(tx, HOUSE)
            assert place is not None
            house.keep_property(tx, replace(place, id=other, name="Other"))
            house.keep_unit(tx, Unit(UnitId("annex"), other, "Annex", (), ClosedMeans.ASK, Origin.SITE))

        await made.hub.store.write(furnish)
        was = Shape(FLAT, ARRIVAL, DEPARTURE, START + timedelta(days=7), START + timedelta(days=11), True, 2)
        made.book("1", ARRIVAL, DEPARTURE)
        await made.later(minutes=10)
        stay = await made.stay()
        news = News(stay.id, was, replace(was, unit_id=UnitId("annex")), BY, START, START)
        for place in (HOUSE, other):
            await _note(made, place, news)
        made.hub.bus.signal("stays")
        await made.later(minutes=10)
        subjects = [subject for _, subject in post.subjects[1:]]
        assert subjects == ["Changed booking: Annex of Other, 8–12 March", "Changed booking: Annex, 8–12 March"]
        assert "Moved from Flat to Annex" in post.mails[1].text

    _played(tmp_path, work)


def test_a_list_of_past_stays_is_no_news(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        hub, days = made.hub, [date(2021, 1, 1) + timedelta(days=2 * number) for number in range(60)]
        lines = [f"R{number},Guest {number},{day},{day + timedelta(days=1)}" for number, day in enumerate(days)]
        file = "\n".join(["Reference,Guest,Arrival,Departure", *lines]).encode()
        told = await ask(hub, "stay import", name="past.csv", content=b64encode(file).decode())
        assert told["new"] == 60
        await made.later(minutes=30)
        assert (post.mails, await hub.store.read(rows.waiting)) == ([], {})

    _played(tmp_path, work)


# ---- once, whatever happens --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stopped_after", [timedelta(minutes=4), timedelta(minutes=8)], ids=["waiting", "promised"])
def test_a_hub_that_stops_before_it_told_tells_once_when_it_is_back(tmp_path: Path, stopped_after: timedelta) -> None:
    """Stopped while news wait to be told together, or between the promise and its performance."""

    async def main() -> None:
        async with home(tmp_path) as made:
            post = _with_post(made)
            post.mood = Unavailable("the line is down")
            await _add(made, Who("Rosa", PersonKind.MANAGER, email=ROSA))
            made.book("1", ARRIVAL, DEPARTURE)
            await made.later(seconds=stopped_after.total_seconds())
            promised = len(await made.hub.store.read(alerts.news_told))
            assert promised == (stopped_after > timedelta(minutes=5))
        async with home(tmp_path, start=START + stopped_after + timedelta(minutes=1), furnish=False) as made:
            post = _with_post(made)
            made.book("1", ARRIVAL, DEPARTURE)
            await made.later(hours=2)
            assert post.subjects == [(ROSA, "New booking: Flat, 8–12 March")]

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_looks_that_are_repeated_promise_nothing_twice(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        hub = made.hub
        news = BookingNews(hub.store, hub.bus, hub.clock, hub.wall, hub.vault, hub.plugins)
        made.book("1", ARRIVAL, DEPARTURE)
        for _ in range(20):
            hub.bus.signal("stays")
            await news.look()
            await made.later(seconds=30)
        made.calendar.stays = tuple(replace(each, note="again") for each in made.calendar.stays)
        await made.later(minutes=10)
        await news.look()
        assert len(post.keys) == 1

    _played(tmp_path, work)


_DAYS = st.integers(0, 6)
_SHAPES = st.none() | st.builds(
    lambda day, guests: Shape(
        FLAT,
        ARRIVAL + timedelta(days=day),
        DEPARTURE + timedelta(days=day),
        START + timedelta(days=day),
        START + timedelta(days=day + 4),
        True,
        guests,
    ),
    _DAYS,
    st.integers(1, 2),
)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), _SHAPES), max_size=8), st.integers(0, 8))
def test_told_in_two_parts_or_in_one_it_leads_to_the_same(courses: list[tuple[str, Shape | None]], cut: int) -> None:
    """What a reader believes after all messages is what is true, and a message never says what they know already."""
    now: dict[str, Shape | None] = {}
    steps = []
    for number, (name, shape) in enumerate(courses):
        at = START + timedelta(minutes=number)
        if shape != now.get(name):
            steps.append(News(StayId(name), now.get(name), shape, BY, at, at))
        now[name] = shape
    believed: dict[str, Shape | None] = {}
    for part in (steps[:cut], steps[cut:]):
        for each in joined(part):
            assert believed.get(each.stay) == each.was != each.now
            believed[each.stay] = each.now
    assert {name: shape for name, shape in believed.items() if shape} == {
        name: shape for name, shape in now.items() if shape
    }
    assert {each.what for each in joined(steps)} <= {What.NEW}, "nobody was told of any before"


@given(_SHAPES)
def test_what_is_written_of_a_booking_is_read_as_it_was(shape: Shape | None) -> None:
    if shape is not None:
        assert Shape.read(shape.written()) == shape


@settings(max_examples=6)
@given(st.lists(st.tuples(st.integers(0, 2), _DAYS, st.integers(0, 8)), min_size=1, max_size=6))
def test_any_course_of_bookings_is_told_so_that_the_last_message_is_true(
    tmp_path_factory: pytest.TempPathFactory, course: list[tuple[int, int, int]]
) -> None:
    """Through a whole hub: each message goes on from where the one before left off."""

    async def work(made: Home, post: Post) -> None:
        for which, day, minutes in course:
            arrival = ARRIVAL + timedelta(days=20 * which + day)
            made.book(f"{which}", arrival, arrival + timedelta(days=3), f"Guest {which}")
            await made.later(minutes=minutes)
        await made.later(minutes=30)
        assert len(post.keys) == len(set(post.keys))
        news = sum(text.text.count("\n- ") for text in post.mails)
        assert len({which for which, *_ in course}) <= news <= len(course)

    _played(tmp_path_factory.mktemp("house"), work)


def test_news_of_a_time_that_a_wrong_clock_told_do_not_wait_for_it(tmp_path: Path) -> None:
    ahead = START + timedelta(days=400)
    shape = Shape(FLAT, ARRIVAL, DEPARTURE, START + timedelta(days=7), START + timedelta(days=11), True, None)

    async def work(made: Home, post: Post) -> None:
        made.book("1", ARRIVAL, DEPARTURE)
        await made.later(minutes=10)
        stay = await made.stay()
        news = News(stay.id, shape, replace(shape, guests=5), BY, ahead, ahead)
        await _note(made, HOUSE, news)
        made.hub.bus.signal("stays")
        await made.later(seconds=GATHER.total_seconds() * 6)
        assert len(post.mails) == 2

    _played(tmp_path, work)
