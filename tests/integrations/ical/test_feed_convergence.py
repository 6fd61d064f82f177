"""A platform's feed, whatever became of it on the way: after some good readings the house knows what one knows that read once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.errors import Unavailable
from hub.io.http import Answer, Request, Rules
from hub.model.stays import MISSING_FOR, READINGS
from hub.model.values import UnitId
from integrations.ical import Config
from integrations.ical.feed import Feed
from tests.integrations.conftest import StoppedClock
from tests.integrations.test_convergence import Hub, hub_of, run
from tests.simulators.home import ZONE
from tests.simulators.managers.desk import Reply

NUMBERS: Final = st.integers(1, 3)
STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("book"), NUMBERS, st.integers(0, 9)),
        st.tuples(st.just("move"), NUMBERS, st.integers(1, 4)),
        st.tuples(st.just("longer"), NUMBERS, st.integers(1, 2)),
        st.tuples(st.just("hour"), NUMBERS, st.integers(12, 18)),
        st.tuples(st.sampled_from(["vanish", "cancel", "rename"]), NUMBERS, st.just(0)),
        st.tuples(st.just("poll"), st.just(0), st.sampled_from(["late", "kept", "lost", "twice", "broken"])),
        st.tuples(st.just("wait"), st.integers(1, 90), st.just(0)),
    ),
    max_size=14,
)
# Source: facts page on channels §1.2.
WORDS: Final = {
    "airbnb": (
        "-//Airbnb Inc//Hosting Calendar 1.0//EN",
        "SUMMARY:Reserved\nDESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMABCDEFG{n}",
        "airbnb.com",
    ),
    "vrbo": ("-//HomeAway//NONSGML ICS//EN", "SUMMARY:Reserved - Guest {n}", "vrbo.com"),
    "booking_com": ("-//admin.booking.com//EN", "SUMMARY:CLOSED - Not available", "booking.com"),
}


@dataclass(slots=True)
class Event:
    uid: str
    first: date
    until: date
    status: str = "CONFIRMED"
    hour: int = 0
    """When its guests come, where it is told; 0: it is not."""

    @property
    def days(self) -> str:
        if self.hour:
            return f"DTSTART:{self.first:%Y%m%d}T{self.hour}0000Z\nDTEND:{self.until:%Y%m%d}T100000Z"
        return f"DTSTART;VALUE=DATE:{self.first:%Y%m%d}\nDTEND;VALUE=DATE:{self.until:%Y%m%d}"


@dataclass(slots=True)
class Platform:
    words: tuple[str, str, str]
    events: dict[int, Event] = field(default_factory=dict)
    faults: list[Reply] = field(default_factory=list)

    async def send(self, request: Request, rules: Rules) -> Answer:
        if self.faults:
            raise Unavailable("the platform answers 503")
        maker, said, domain = self.words
        events = "".join(
            f"BEGIN:VEVENT\nUID:{each.uid}@{domain}\nSTATUS:{each.status}\n{each.days}\n{said.format(n=number)}\nEND:VEVENT\n"
            for number, each in self.events.items()
        )
        body = f"BEGIN:VCALENDAR\nPRODID:{maker}\nVERSION:2.0\n{events}END:VCALENDAR\n"
        return Answer(200, {"content-type": "text/calendar"}, body.encode(), "platform.example")


async def _live(hub: Hub, platform: Platform, steps: list[tuple[str, int, Any]]) -> None:
    for names, (what, number, much) in enumerate(steps):
        hub.clock.turn(seconds=7)
        known = platform.events.get(number)
        match what:
            case "poll":
                await hub.poll(much)
            case "wait":
                hub.clock.turn(minutes=number)
            case "book" if known is None:
                first = date(2027, 3, 10 * number - 9) + timedelta(days=much)
                platform.events[number] = Event(f"{names:08}", first, first + timedelta(days=2))
            case "move" if known is not None:
                known.first, known.until = (day + timedelta(days=much) for day in (known.first, known.until))
            case "longer" if known is not None:
                known.until += timedelta(days=much)
            case "hour" if known is not None:
                known.hour = much
            case "rename" if known is not None:
                known.uid = f"{names:08}"
            case "cancel" if known is not None:
                known.status = "CANCELLED"
            case "vanish" if known is not None:
                del platform.events[number]


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@settings(max_examples=8, deadline=None)
@given(steps=STEPS, reverse=st.booleans())
@example(
    steps=[
        ("book", 1, 0),
        ("book", 2, 0),
        ("poll", 0, "late"),
        ("rename", 1, 0),
        ("move", 2, 1),
        ("poll", 0, "twice"),
        ("vanish", 1, 0),
        ("hour", 2, 16),
        ("poll", 0, "lost"),
    ],
    reverse=True,
)
def test_some_good_readings_make_it_right(
    words: tuple[str, str, str], steps: list[tuple[str, int, Any]], reverse: bool
) -> None:
    clock = StoppedClock(datetime(2027, 2, 1, 12, 0, tzinfo=ZONE))
    platform = Platform(words)
    platform.events[9] = Event("summer00", date(2027, 6, 1), date(2027, 6, 4))  # no list is emptied all at once
    config = Config.model_validate({"url": "https://platform.example/a.ics", "timezone": f"{ZONE}"})
    feed: Callable[..., Any] = lambda host: Feed(config, host, platform.send)  # noqa: E731

    async def main(hub: Hub, fresh: Hub) -> tuple[object, object]:
        await _live(hub, platform, steps)
        for delivery in reversed(hub.late) if reverse else hub.late:
            await hub.take(delivery)
        for _ in range(READINGS + 1):
            clock.turn(seconds=MISSING_FOR.total_seconds() / 2)
            await hub.poll("kept")
        await fresh.poll("kept")
        return await hub.known(), await fresh.known()

    with tempfile.TemporaryDirectory() as folder:
        hub, fresh = (hub_of(feed, platform, clock, Path(folder) / name, UnitId("sea")) for name in ("one", "other"))  # type: ignore[arg-type]  # as much of them as is used
        try:
            ours, theirs = run(main(hub, fresh))
        finally:
            hub.store.close()
            fresh.store.close()
    assert ours == theirs
