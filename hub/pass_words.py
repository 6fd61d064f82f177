"""What people are told of the codes of their passes, in words: a subject, a letter, and a line for a telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from hub.model.pass_news import What
from hub.model.passes import LEAD, EveryWeek, Turnover, hours_in_words, whole_week
from hub.model.values import LockId, Pin, Window, clean
from hub.store.house import Property
from hub.store.passes import Pass

SUBJECT: Final = 150
SMS: Final = 459
"""Letters: three messages of 153 (3GPP TS 23.038, GSM 7 bit, joined), as good as whole."""

_SUBJECTS: Final = {
    What.CODE: "Your door code",
    What.CHANGED: "Your door code has changed",
    What.ENDED: "Your door code is off",
    What.OFF: "The hours of your door code are off",
}


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str = field(repr=False)
    short: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told what, of which pass."""

    what: What
    name: str
    place: Property
    row: Pass
    window: Window | None
    """The hours that are told, lead included."""
    doors: Mapping[LockId, str]
    """Every door of the pass by its name."""
    lacking: Sequence[LockId] = ()
    unit: str = ""
    """What is to be made ready."""

    @property
    def task(self) -> str:
        return self.row.name or (f"making {self.unit} ready" if self.unit else "")


def words(telling: Telling, pins: Mapping[LockId, Pin]) -> Words:
    """`pins`: none where it is over. Digits are in the text, never in the subject, which telephones show to everybody."""
    subject = clean(f"{_SUBJECTS[telling.what]}: {telling.place.name}", limit=SUBJECT)
    lines = _ending(telling) if telling.what in (What.ENDED, What.OFF) else _code(telling, pins)
    return Words(subject, "\n".join([f"Hello {telling.name},", "", *lines, ""]), _short(telling, pins))


def _code(telling: Telling, pins: Mapping[LockId, Pin]) -> list[str]:
    opening = (
        "your door code" if telling.what is What.CODE else "something has changed. From now on this is your door code"
    )
    lines = [f"{opening} for {telling.place.name}{f', {telling.task}' if telling.task else ''}:", ""]
    lines += [f"  {pin.reveal()}  {' and '.join(names)}" for pin, names in _by_pin(telling, pins)]
    lines += ["", f"It works {hours(telling)}.", *_uses(telling.row)]
    if telling.lacking:
        lines.append(f"It does not open {_names(telling, telling.lacking)} yet. You are told when it does.")
    if telling.row.note:
        lines += ["", telling.row.note]
    return [*lines, "", "It is yours alone: please pass it on to nobody."]


def _ending(telling: Telling) -> list[str]:
    about = f"{telling.place.name}{f', {telling.task}' if telling.task else ''}"
    if telling.what is What.OFF and telling.window is not None:
        return [
            f"the hours that you were told of for {about} are off: {_span(telling.window, telling.place.zone)}.",
            "",
            "Your code does not open then. You are told when there are others.",
        ]
    return [f"your door code for {about} is off. It opens nothing any more, unless you are told otherwise."]


def _short(telling: Telling, pins: Mapping[LockId, Pin]) -> str:
    task = f" ({telling.task})" if telling.task else ""
    if telling.what is What.OFF and telling.window is not None:
        told = f"the hours {_span(telling.window, telling.place.zone)} are off{task}"
    elif telling.what in (What.ENDED, What.OFF):
        told = f"your door code is off{task}"
    else:
        codes = ", ".join(f"{pin.reveal()} for {' and '.join(names)}" for pin, names in _by_pin(telling, pins))
        lacking = f", not yet for {_names(telling, telling.lacking)}" if telling.lacking else ""
        new = "new door code" if telling.what is What.CHANGED else "your door code"
        told = f"{new} {codes}{lacking}. It works {hours(telling)}{task}"
    note = "" if telling.what in (What.ENDED, What.OFF) else telling.row.note
    return clean(f"{telling.place.name}: {told}. {note}", limit=SMS)


def _by_pin(telling: Telling, pins: Mapping[LockId, Pin]) -> list[tuple[Pin, list[str]]]:
    found: dict[Pin, list[str]] = {}
    for lock, pin in pins.items():
        if lock not in telling.lacking:
            found.setdefault(pin, []).append(telling.doors[lock])
    return list(found.items())


def _names(telling: Telling, locks: Sequence[LockId]) -> str:
    return " and ".join(telling.doors[lock] for lock in locks)


def _uses(row: Pass) -> list[str]:
    if row.uses is None:
        return []
    return [f"It opens each door {'one time' if row.uses == 1 else f'{row.uses} times'}."]


# ---- hours ----------------------------------------------------------------------------------------------------------


def hours(telling: Telling) -> str:
    """When it works, by the clocks of the property."""
    row, zone = telling.row, telling.place.zone
    match row.when:
        case Turnover() if telling.window is not None:
            return _span(telling.window, zone)
        case EveryWeek(spans=spans) if not whole_week(spans):
            return ", ".join([hours_in_words(spans), *_bounds(telling)])
        case _:
            return " ".join(_bounds(telling)) or "at any time"


def _bounds(telling: Telling) -> list[str]:
    good, zone, made = telling.row.good, telling.place.zone, telling.row.made_at
    start = [f"from {_long(good.start, zone)}"] if good.start > made else []
    return [*start, *([] if good.end is None else [f"until {_long(good.end, zone)}"])]


def _span(window: Window, zone: ZoneInfo) -> str:
    start = window.start + LEAD
    if window.end is None:
        return f"from {_long(start, zone)}"
    same = start.astimezone(zone).date() == window.end.astimezone(zone).date()
    end = f"{window.end.astimezone(zone):%H:%M}" if same else _long(window.end, zone)
    return f"{_long(start, zone)} to {end}"


def _long(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M}"
