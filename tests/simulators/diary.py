"""A calendar that people keep, in memory: what the hub wrote there, and what a person does with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from hub.contracts import Host
from hub.contracts.diaries import Diary, Found, News, Report, Written, stamp
from hub.model.diary import Line, Naming
from hub.model.facts import StayReport
from hub.model.values import StayKind, StayStatus


class MemoryDiary(Diary):
    def __init__(self, host: Host) -> None:
        super().__init__(host, whose="memory", reader="", naming=Naming.FULL)
        self.events: dict[str, Found] = {}
        self.writes = 0
        self._log: list[str] = []

    # ---- what a person sees and does there ----

    @property
    def shown(self) -> list[str]:
        """The titles of what the hub wrote."""
        return [json.loads(each.text)["summary"] for each in self.events.values() if each.look]

    def type(self, uid: str, arrival: date, departure: date, kind: StayKind = StayKind.BLOCK) -> None:
        told = {"arrival": arrival.isoformat(), "departure": departure.isoformat(), "kind": kind.value}
        self._put(uid, json.dumps(told))

    def rename(self, summary: str) -> None:
        """Of the first that the hub wrote."""
        name, found = next((name, each) for name, each in self.events.items() if each.look)
        told = json.dumps(json.loads(found.text) | {"summary": summary})
        self._put(name, told, look=told, end=found.end)

    def erase(self, name: str = "") -> None:
        name = name or next(name for name, each in self.events.items() if each.look)
        del self.events[name]
        self._log.append(name)

    def _put(self, name: str, text: str, look: str = "", end: float = 0.0) -> Found:
        self._log.append(name)
        self.events[name] = Found(name, f"tag-{len(self._log)}", name, text, look, end)
        return self.events[name]

    # ---- as the hub uses it ----

    async def news(self, mark: str, known: Mapping[str, str]) -> News | None:
        if mark == str(len(self._log)):
            return None
        names = list(self.events) if not mark else list(dict.fromkeys(self._log[int(mark) :]))
        events = [self.events[name] for name in names if name in self.events]
        return News(events, [each for each in names if each not in self.events], str(len(self._log)), not mark)

    async def understood(self, events: Sequence[tuple[str, str]], at: datetime) -> Sequence[StayReport]:
        return [self._report(uid, json.loads(text)) for uid, text in events]

    def _report(self, uid: str, told: Mapping[str, str]) -> StayReport:
        arrival, departure = (date.fromisoformat(told[name]) for name in ("arrival", "departure"))
        return StayReport(uid, StayKind(told["kind"]), StayStatus.CONFIRMED, arrival, departure)

    def shows(self, line: Line) -> str:
        return json.dumps({"summary": line.summary, "start": line.start.isoformat(), "end": line.end.isoformat()})

    async def put(self, line: Line, before: Written | None, sequence: int) -> Found | None:
        there = self.events.get(line.uid)
        if (None if there is None else there.tag) != (None if before is None else before.tag):
            return None
        self.writes += 1
        return self._put(line.uid, self.shows(line), self.shows(line), stamp(line.end))

    async def remove(self, before: Written) -> bool:
        if before.name in self.events and self.events[before.name].tag != before.tag:
            return False
        self.writes += 1
        if before.name in self.events:
            self.erase(before.name)
        return True

    async def now(self, uid: str, name: str) -> Found | None:
        return self.events.get(uid)

    async def test(self) -> Report:
        return Report("It answers.", good=True)
