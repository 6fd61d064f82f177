"""The hub ends at any instant and starts again on what it had committed, against locks that live on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from hub.model.facts import StayReport, StayReported
from hub.model.values import Address, LockId, Pin, StayKind, StayStatus
from hub.store import codes, questions
from tests.simulators.building import Memory
from tests.simulators.home import FEED, Home, home, simulate

NOON = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)
"""After check-in of whoever arrives that day."""
TODAY = date(2027, 3, 2)
DOORS = ("front", "back")
LIVES = 40


@dataclass
class Street:
    """What outlives the hub: two locks, and what the channel last said of each guest."""

    random: Random
    memories: list[Memory] = field(default_factory=list)
    told: dict[str, StayReport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, tells in zip(DOORS, (True, False), strict=True):
            memory = Memory(Address(name), slots=6, masked=not tells, reads_codes=tells, lose=self._lose)
            self.memories.append(memory)

    def _lose(self, _what: str) -> str | None:
        return self.random.choices((None, "command", "answer"), (90, 5, 5))[0]

    def news(self) -> StayReport:
        """A guest comes, goes, or stays another night."""
        name = f"Guest {self.random.randrange(4)}"
        status = self.random.choice((StayStatus.CONFIRMED, StayStatus.CONFIRMED, StayStatus.CANCELLED))
        leaving = TODAY + timedelta(days=self.random.randint(1, 3))
        report = StayReport(name, StayKind.RESERVATION, status, TODAY, leaving, guest=name, reference=name)
        self.told[name] = report
        return report


async def _say(house: Home, street: Street) -> None:
    fact = StayReported(FEED, house.hub.clock.now(), street.news())
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, FEED))


async def _sometime(house: Home, random: Random) -> None:
    """After so many commits about a lock and a little more, or when nothing is left to do."""
    async with house.hub.bus.listen("lock:") as ear:
        try:
            async with asyncio.timeout(random.uniform(0.5, 20)):
                for _ in range(random.randrange(9)):
                    await anext(ear)
                await asyncio.sleep(random.choice((0, 0, 0.01, 0.05, 0.051, 5.0)))
        except TimeoutError:
            pass


def _owned(house: Home, street: Street) -> None:
    """No lock ever holds a code that the book of issued codes does not know: whatever happens, it can be found again."""
    for memory in street.memories:
        for digits in memory.codes.values():
            assert house.hub.vault.tags(Pin(digits)) & house.hub.tagbook.tags, "a code that nobody owns"


async def _settled(house: Home, street: Street) -> None:
    house.calendar.stays = tuple(street.told.values())
    await house.later(minutes=25)
    for memory in street.memories:
        lock = LockId(memory.address)
        grants = await house.hub.store.read(lambda tx, lock=lock: codes.open_grants(tx, lock))  # type: ignore[misc]
        now = house.hub.clock.now()
        wanted = {grant.tag for grant in grants if not grant.revoked and now in grant.window}
        held = [house.hub.vault.tag(Pin(digits)) for digits in memory.codes.values()]
        assert sorted(held) == sorted(wanted), f"{lock} holds what it should, each code once"
    guests = {row.guest for row in await house.stays() if row.status is StayStatus.CONFIRMED}
    assert guests == {name for name, report in street.told.items() if report.status is StayStatus.CONFIRMED}
    coded = [by_door for name in sorted(guests) if (by_door := await house.digits_by_door((await house.stay(name)).id))]
    assert len(coded) == min(len(guests), 1), "they all have tonight in common: one keeps the unit, the others wait"
    for by_door in coded:
        assert set(by_door) == set(DOORS)
        assert len(set(by_door.values())) == 1, "one code for all doors"


@pytest.mark.parametrize("seed", range(1, 6))
def test_wherever_the_hub_ends_the_next_one_brings_the_locks_to_what_they_should_hold(
    tmp_path: Path, seed: int
) -> None:
    async def main() -> None:
        random, loop = Random(seed), asyncio.get_running_loop()
        street = Street(random)
        began = loop.time()
        for life in range(LIVES):
            now = NOON + timedelta(seconds=loop.time() - began)
            async with home(
                tmp_path, street.memories, seed=random.randrange(2**32), start=now, furnish=life == 0
            ) as house:
                await _say(house, street)
                await _sometime(house, random)
            _owned(house, street)
        now = NOON + timedelta(seconds=loop.time() - began)
        async with home(tmp_path, street.memories, seed=seed, start=now, furnish=False) as house:
            await _settled(house, street)
            for name, report in street.told.items():
                street.told[name] = replace(report, status=StayStatus.CANCELLED)
            await _settled(house, street)
            assert [memory.codes for memory in street.memories] == [{}, {}]
            assert await house.hub.store.read(questions.open_questions) == []

    simulate(main(), seed=seed)
