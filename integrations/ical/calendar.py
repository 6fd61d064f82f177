"""From a feed's bytes to what it says of stays. Runs in the sandbox's child: standard library, model and this folder only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.errors import Garbled
from hub.model.facts import StayReport
from hub.model.values import StayStatus, clean
from integrations.ical import lines
from integrations.ical.channels import Source, Words, contact, marker, meaning, source_of
from integrations.ical.edges import Edges, told
from integrations.ical.lines import MOST_EVENTS, Component, Document
from integrations.ical.recurring import occurrences, repeats
from integrations.ical.times import Span, Unusable, Zones, span, start_day

WORK: Final = "integrations.ical.calendar:read"
VERSION: Final = 2
"""Raised whenever the same bytes are read differently than before, so that every feed is read anew."""

_STATUSES: Final = {"CANCELLED": StayStatus.CANCELLED, "TENTATIVE": StayStatus.TENTATIVE}


def pack(body: bytes, *, zone: str, source: Source, now: datetime, edges: Edges = Edges.CLOSED) -> bytes:
    """What `read` is given: one line about the channel, then the feed as it came."""
    about = {"zone": zone, "source": source.value, "now": now.isoformat(), "edges": edges.value}
    return json.dumps(about).encode() + b"\n" + body


def read(data: bytes) -> list[dict[str, Any]]:
    """The stays of a packed feed as plain data, `StayReport` by `StayReport`.

    Raises:
        Garbled: it is no calendar, or not a whole one.
    """
    head, _, body = data.partition(b"\n")
    about = json.loads(head)
    now = datetime.fromisoformat(about["now"])
    zone, source, edges = ZoneInfo(about["zone"]), Source(about["source"]), Edges(about["edges"])
    found = reports(body, zone, source, now, edges)
    return [{each.name: _plain(getattr(stay, each.name)) for each in fields(stay)} for stay in found]


def _plain(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case tuple():
            return list(value)
        case _:
            return value


def reports(
    body: bytes, house: ZoneInfo, source: Source, now: datetime, edges: Edges = Edges.CLOSED
) -> list[StayReport]:
    """Every event of a feed, the unusable ones with the reason.

    Raises:
        Garbled: it is no calendar, or not a whole one.
    """
    document = lines.read(body)
    reader = _Reader(document, Zones(house, document.zones), source, now)
    entries: list[_Entry] = []
    for entry in reader.entries():
        entries.append(entry)
        if len(entries) > MOST_EVENTS:
            raise Garbled(f"its repeating events make more than {MOST_EVENTS} stays")
    found = _merged(entries)
    if edges is Edges.SHOWN:
        found = told(found, reader.of_airbnb(), now.astimezone(house).date())
    return _unique(found)


@dataclass(frozen=True, slots=True)
class _Entry:
    report: StayReport
    marker: str = ""
    """`in` or `out`: no stay of its own, but a channel's extra event on a stay's first or last day."""
    day: date | None = None
    """When a marker is."""


class _Reader:
    def __init__(self, document: Document, zones: Zones, source: Source, now: datetime) -> None:
        self._document = document
        self._zones = zones
        self._source = source
        self._now = now

    def entries(self) -> Iterator[_Entry]:
        repeating = {event.text("UID") for event in self._document.events if repeats(event)} - {""}
        series: dict[str, list[Component]] = {uid: [] for uid in repeating}
        for event in self._document.events:
            if (uid := event.text("UID")) in series:
                series[uid].append(event)
        for event in self._document.events:
            group = series.get(event.text("UID"))
            if group is None:
                yield self._single(event)
            elif event is group[0]:
                yield from (_Entry(report) for report in self._series(group))

    def of_airbnb(self) -> set[str]:
        """UIDs of events in Airbnb's words."""
        return {uid_of(event) for event in self._document.events if self._source_of(event) is Source.AIRBNB}

    def _single(self, event: Component) -> _Entry:
        try:
            report = self._report(event, span(event, self._zones), "repeats but has no UID" if repeats(event) else "")
        except Unusable as error:
            report = self._report(event, None, str(error))
        kind = marker(_words(event), self._source_of(event))
        if not kind or (report.arrival and report.departure and report.departure - report.arrival > timedelta(days=1)):
            return _Entry(report)
        return _Entry(report, kind, start_day(event, self._zones))

    def _series(self, group: list[Component]) -> Iterator[StayReport]:
        try:
            found = occurrences(group, self._zones, self._now)
        except Unusable as error:
            yield from (self._unusable(event, str(error)) for event in group)
            return
        for each in found:
            report = self._report(each.event, each.span)
            yield replace(report, uid=f"{report.uid}/{each.key}")

    def _unusable(self, event: Component, why: str) -> StayReport:
        """With its dates, where at least they are good."""
        try:
            return self._report(event, span(event, self._zones), why)
        except Unusable:
            return self._report(event, None, why)

    def _report(self, event: Component, when: Span | None, why: str = "") -> StayReport:
        words, uid = _words(event), uid_of(event)
        means, told = meaning(words, self._source_of(event)), contact(words)
        if not words.uid and not why:
            why = "has no UID, so it could not be followed when it changes"
        status = _STATUSES.get(event.text("STATUS").upper(), StayStatus.CONFIRMED)
        return StayReport(
            uid=uid,
            kind=means.kind,
            status=StayStatus.UNUSABLE if why else status,
            arrival=when.arrival if when else None,
            departure=when.departure if when else None,
            check_in=when.check_in if when else None,
            check_out=when.check_out if when else None,
            guest=means.guest,
            reference=told.reference,
            phone_last4=told.phone_last4,
            phone=told.phone,
            email=told.email,
            guests=told.guests,
            note=f"this event {why}" if why else "; ".join(filter(None, (means.note, self._zone_note(event)))),
            raw=event.raw,
        )

    def _source_of(self, event: Component) -> Source:
        if self._source is not Source.AUTO:
            return self._source
        return source_of(event.text("UID"), self._document.product)

    def _zone_note(self, event: Component) -> str:
        found = filter(None, (event.first("DTSTART"), event.first("DTEND")))
        unknown = {
            each.params["TZID"] for each in found if "TZID" in each.params and not self._zones.find(each.params["TZID"])
        }
        if not unknown:
            return ""
        return (
            f"the time zone “{clean(', '.join(sorted(unknown)), limit=60)}” is not known; the property's own was taken"
        )


def _words(event: Component) -> Words:
    description = event.text("DESCRIPTION")[:5_000]
    return Words(event.text("UID"), clean(event.text("SUMMARY"), limit=200), description)


def uid_of(event: Component) -> str:
    """The source's identity of an event; one that has none is known by its text, so that it can at least be shown."""
    uid = clean(event.text("UID"), limit=1_000)
    if not uid:
        return f"unnamed-{hashlib.sha256(event.raw.encode()).hexdigest()[:16]}"
    return uid if len(uid) <= 255 else f"{uid[:200]}-{hashlib.sha256(uid.encode()).hexdigest()[:32]}"


# ---- the list as a whole -------------------------------------------------------------------------------------------


def _merged(entries: Iterable[_Entry]) -> list[StayReport]:
    """Extra events are left out where their stay is there; without it they are shown."""
    entries = list(entries)
    stays = [entry.report for entry in entries if not entry.marker]
    edges = {"in": {stay.arrival for stay in stays}, "out": {stay.departure for stay in stays}}
    merged: list[StayReport] = []
    for entry in entries:
        if not entry.marker:
            merged.append(entry.report)
        elif entry.day is None or entry.day not in edges[entry.marker]:
            note = f"this event is a check-{entry.marker} without its stay"
            merged.append(replace(entry.report, status=StayStatus.UNUSABLE, note=note))
    return merged


def _unique(stays: list[StayReport]) -> list[StayReport]:
    """Of several events with one UID the last usable one counts; the others are shown with the reason."""
    last: dict[str, int] = {}
    for number, stay in enumerate(stays):
        if stay.status is not StayStatus.UNUSABLE or stay.uid not in last:
            last[stay.uid] = number
    unique: list[StayReport] = []
    for number, stay in enumerate(stays):
        kept = stays[last[stay.uid]]
        if number == last[stay.uid]:
            unique.append(stay)
        elif replace(stay, raw="") != replace(kept, raw=""):
            note = (
                stay.note
                if stay.status is StayStatus.UNUSABLE
                else "another event in the feed has the same UID; that one counts"
            )
            unique.append(replace(stay, uid=f"{stay.uid}#{number}", status=StayStatus.UNUSABLE, note=note))
    return unique
