from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from hub import housing
from hub.errors import Rejected
from hub.model.lockdown import Outcome
from hub.model.values import Address, LockId, Position
from hub.store import house as house_rows
from hub.store import log
from hub.store.engine import Tx
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home, simulate

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


def test_a_command_that_is_cut_short_leaves_no_open_end_in_the_trail(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.lock("front").silent = True
            moving = asyncio.create_task(house.hub.hand.move(FRONT, Position.UNLOCKED, "manager"))
            await asyncio.sleep(1)
            moving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await moving
            assert await _trail(house) == [("unlock", "unknown")]

    simulate(main())


def test_of_a_driver_that_fails_as_none_should_nobody_knows_where_the_bolt_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.lock("front").lose = lambda _what: str(1 // 0)
            answer = await house.hub.hand.move(FRONT, Position.UNLOCKED, "manager")
            assert answer.outcome is Outcome.UNKNOWN
            assert answer.sentence.startswith("Front did not answer (memory failed unexpectedly (ZeroDivisionError)).")
            assert await _trail(house) == [("unlock", "unknown")]

    simulate(main())


# ---- old encryption -------------------------------------------------------------------------------------------------


def _old() -> list[Memory]:
    return [Memory(Address("front"), secure="S0")]


def test_a_lock_under_s0_is_not_unlocked_from_afar_and_the_trail_says_who_tried(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _old()) as house:
            answer = await house.hub.hand.move(FRONT, Position.UNLOCKED, "manager")
            assert answer.outcome is Outcome.REFUSED
            assert answer.sentence.startswith("Front is not unlocked from here: its encryption (S0) is old")
            assert "Add it to the radio again with S2, or allow this on its page." in answer.sentence
            assert house.lock("front").position is Position.LOCKED
            assert await _trail(house) == [("unlock", "refused")]

    simulate(main())


def test_a_lock_under_s0_is_locked_from_afar(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _old()) as house:
            house.lock("front").position = Position.UNLOCKED
            assert (await house.hub.hand.move(FRONT, Position.LOCKED, "manager")).outcome is Outcome.DONE

    simulate(main())


def test_whoever_types_the_words_may_unlock_over_s0_until_it_is_forbidden_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _old()) as house:
            now, write = house.hub.clock.now(), house.hub.store.write
            with pytest.raises(Rejected, match="type “unlock over S0”"):
                await write(lambda tx: housing.allow_unlock_over_s0(tx, FRONT, "yes", "ada", now))
            assert (await house.hub.hand.move(FRONT, Position.UNLOCKED, "ada")).outcome is Outcome.REFUSED
            await write(lambda tx: housing.allow_unlock_over_s0(tx, FRONT, " unlock over  s0", "ada", now))
            assert (await house.hub.hand.move(FRONT, Position.UNLOCKED, "ada")).outcome is Outcome.DONE
            await write(lambda tx: housing.forbid_unlock_over_s0(tx, FRONT, "ada", now))
            assert (await house.hub.hand.move(FRONT, Position.UNLOCKED, "ada")).outcome is Outcome.REFUSED
            trail = {action for action, _ in await _trail(house)}
            assert {"remote unlock over S0 allowed", "remote unlock over S0 forbidden"} <= trail

    simulate(main())


def test_what_was_accepted_of_one_device_does_not_hold_for_the_next(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _old()) as house:
            now, write = house.hub.clock.now(), house.hub.store.write
            await write(lambda tx: housing.allow_unlock_over_s0(tx, FRONT, housing.CONSENT, "ada", now))
            await house.driver.meet(house.lock("front"))
            assert (await house.hub.hand.move(FRONT, Position.UNLOCKED, "ada")).outcome is Outcome.DONE
            await house.driver.meet(house.lock("front"), replaced=True)
            assert (await house.hub.hand.move(FRONT, Position.UNLOCKED, "ada")).outcome is Outcome.REFUSED
            await write(lambda tx: housing.allow_unlock_over_s0(tx, FRONT, housing.CONSENT, "ada", now))
            await write(lambda tx: housing.detach(tx, "memory", Address("front"), START))
            row = await house.hub.store.read(lambda tx: house_rows.lock_with(tx, FRONT))
            assert row is not None
            assert not row.remote_unlock_over_s0

    simulate(main())


def test_what_the_driver_knows_of_the_encryption_counts_before_it_is_written_down(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _old()) as house:
            await house.hub.store.write(lambda tx: house_rows.forget_hardware(tx, FRONT))
            assert (await house.hub.hand.move(FRONT, Position.UNLOCKED, "ada")).outcome is Outcome.REFUSED
            assert house.lock("front").position is Position.LOCKED

    simulate(main())


def test_a_lock_that_nobody_knows_is_allowed_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            back, now = LockId("back"), house.hub.clock.now()
            with pytest.raises(Rejected, match="no lock called “back”"):
                await house.hub.store.write(
                    lambda tx: housing.allow_unlock_over_s0(tx, back, housing.CONSENT, "ada", now)
                )

    simulate(main())


def test_what_takes_the_place_of_a_lock_that_may_go_without_encryption_may_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            address = Address("front")

            def asked(tx: Tx) -> bool:
                return housing.may_go_unencrypted(tx, "memory", address)

            def choose(tx: Tx) -> None:
                row = house_rows.lock_with(tx, FRONT)
                assert row is not None
                house_rows.keep_lock(tx, replace(row, unencrypted=True))

            assert not await house.hub.store.read(asked)
            await house.hub.store.write(choose)
            assert await house.hub.store.read(asked)

    simulate(main())
