"""What channels tell, written down as it changes something: how much was new, and when one could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.model.facts import CalendarFailed, CalendarRead, EventRead, NightsTold, StayReported
from hub.model.values import ChannelId
from hub.store import house
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.publishing import FAILED, IN, NOTED, OK, Entry


@dataclass(frozen=True, slots=True)
class News:
    """How many bookings a channel told something new of."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    back: int = 0

    def __add__(self, other: News) -> News:
        return News(self.new + other.new, self.changed + other.changed, self.gone + other.gone, self.back + other.back)

    def __str__(self) -> str:
        said = (
            (self.new, "new"),
            (self.changed, "changed"),
            (self.gone, "no longer listed"),
            (self.back, "listed again"),
        )
        return ", ".join(f"{count} {word}" for count, word in said if count)


NOTHING: Final = News()
READING: Final = "reading asked for"


def ask_reading(tx: Tx, channel: ChannelId, actor: str, now: datetime) -> None:
    """A person wants it read now: the next line of the log says what came of it."""
    rows.note(tx, Entry(0, channel, None, now, IN, NOTED, READING, by=actor))
    tx.signal(f"poll:{channel}")


def is_asked(tx: Tx, channel: ChannelId) -> bool:
    """A person waits for it to be read."""
    return rows.last_heard(tx, channel) == READING


def note_news(
    tx: Tx, fact: CalendarRead | StayReported | EventRead | NightsTold, news: News, *, failed: bool = False
) -> None:
    """A line in the log, where anything came of it or a person waits for it; else nothing new is no line.

    Args:
        failed: the channel could not be read before that.
    """
    change = str(news)
    if failed:
        change = f"read again{': ' + change if change else ''}"
    elif not change and isinstance(fact, CalendarRead) and is_asked(tx, fact.channel):
        change = "read, nothing new"
    if change and house.channel_with(tx, fact.channel) is not None:
        rows.note(tx, Entry(0, fact.channel, None, fact.at, IN, OK, change))


def is_failing(tx: Tx, channel: ChannelId) -> bool:
    state = ledger.channel_state_of(tx, channel)
    return state is not None and state.failing_since is not None


def note_failure(tx: Tx, fact: CalendarFailed) -> None:
    """Once for each way in which it fails, and whenever a person waits for it."""
    state = ledger.channel_state_of(tx, fact.channel)
    known = state is not None and state.failing_since is not None and state.failing_why == fact.why
    if not known or is_asked(tx, fact.channel):
        rows.note(tx, Entry(0, fact.channel, None, fact.at, IN, FAILED, "could not be read", fact.why))
