"""What channels tell, written down as it changes something: how much was new, and when one could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hub.model.facts import CalendarFailed, CalendarRead, EventRead, StayReported
from hub.store import house
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.publishing import FAILED, IN, OK, Entry

Words = Mapping[str, tuple[str, bool]]


@contextmanager
def noted(tx: Tx, fact: CalendarRead | StayReported | EventRead) -> Iterator[None]:
    """Around taking it in: a line in the log, where anything became of it. Nothing new is no line."""
    channel = fact.channel
    if house.channel_with(tx, channel) is None:
        yield
        return
    state = ledger.channel_states(tx).get(channel)
    failed = isinstance(fact, CalendarRead) and state is not None and state.failing_since is not None
    silent = isinstance(fact, CalendarRead) and fact.unchanged and not ledger.any_missing(tx, channel)
    before: Words = {} if silent else rows.words_of(tx, channel)
    yield
    change = "" if silent else _change(before, rows.words_of(tx, channel))
    if failed:
        change = f"read again{': ' + change if change else ''}"
    if change:
        rows.note(tx, Entry(0, channel, None, fact.at, IN, OK, change))


def note_failure(tx: Tx, fact: CalendarFailed) -> None:
    """Once for each way in which it fails."""
    state = ledger.channel_states(tx).get(fact.channel)
    if state is None or state.failing_since is None or state.failing_why != fact.why:
        rows.note(tx, Entry(0, fact.channel, None, fact.at, IN, FAILED, "could not be read", fact.why))


def _change(before: Words, after: Words) -> str:
    new = len(after.keys() - before.keys())
    known = [(before[uid], word) for uid, word in after.items() if uid in before]
    changed = sum(was[0] != word[0] for was, word in known)
    gone = sum(was[1] and not word[1] for was, word in known)
    back = sum(word[1] and not was[1] for was, word in known)
    said = ((new, "new"), (changed, "changed"), (gone, "no longer listed"), (back, "listed again"))
    return ", ".join(f"{count} {word}" for count, word in said if count)
