from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.model.values import Address, LockId, Position
from hub.store import log
from hub.unlock import Outcome
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate

FRONT = LockId("front")


async def _trail(house: Home) -> list[tuple[str, str]]:
    deeds = await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
    return [(deed.action, deed.outcome) for deed in deeds]


def test_a_door_that_obeys_is_done_and_the_trail_says_who(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            answer = await house.hub.hand.move(FRONT, Position.UNLOCKED, "manager")
            assert (answer.outcome, answer.sentence) == (Outcome.DONE, "Front is unlocked.")
            assert house.lock("front").position is Position.UNLOCKED
            assert await _trail(house) == [("unlock", "done")]

    simulate(main())


def test_a_silent_lock_is_given_up_after_ten_seconds_and_the_truth_is_unknown(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"))]) as house:
            house.lock("front").lose = lambda _what: "answer"
            began = house.hub.clock.now()
            answer = await house.hub.hand.move(FRONT, Position.UNLOCKED, "manager")
            assert answer.outcome is Outcome.UNKNOWN
            assert (house.hub.clock.now() - began).total_seconds() <= 10
            assert await _trail(house) == [("unlock", "unknown")]

    simulate(main())


def test_a_jammed_bolt_is_a_refusal_in_its_own_words(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.lock("front").position = Position.JAMMED
            answer = await house.hub.hand.move(FRONT, Position.LOCKED, "manager")
            assert (answer.outcome, answer.sentence) == (Outcome.REFUSED, "Front refused: the bolt is jammed.")

    simulate(main())


def test_a_lock_that_nobody_knows_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            with pytest.raises(Rejected, match="no lock called “back”"):
                await house.hub.hand.move(LockId("back"), Position.UNLOCKED, "manager")
            assert await _trail(house) == []

    simulate(main())


def test_what_was_asked_when_the_hub_died_is_unknown_at_the_next_start(tmp_path: Path) -> None:
    async def die() -> None:
        async with home(tmp_path) as house:
            now = house.hub.clock.now()
            await house.hub.store.write(
                lambda tx: log.record(tx, now, "manager", "unlock", "lock:front", outcome="asked")
            )

    async def look() -> list[tuple[str, str]]:
        async with home(tmp_path, furnish=False) as house:
            return await _trail(house)

    simulate(die())
    assert simulate(look()) == [("unlock", "unknown")]


@pytest.mark.parametrize("ends", [ZeroDivisionError(), asyncio.CancelledError()])
def test_a_driver_that_fails_as_none_should_leaves_no_open_end_in_the_trail(
    tmp_path: Path, ends: BaseException
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            bolt = house.driver.locks[Address("front")].bolt
            assert bolt is not None

            async def move(to: Position) -> Position:
                raise ends

            bolt.move = move  # type: ignore[method-assign]  # this lock's part has a fault
            with pytest.raises(type(ends)):
                await house.hub.hand.move(FRONT, Position.UNLOCKED, "manager")
            assert await _trail(house) == [("unlock", "unknown")]

    simulate(main())
