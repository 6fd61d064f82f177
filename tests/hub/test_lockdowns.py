"""What became of the bolts in an emergency: told truly, over a restart, and locked late where a lock was silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hub import people
from hub.emergency import Done
from hub.emergency_wishes import Act, Wish
from hub.health import findings
from hub.lockdowns import by_emergency
from hub.model.alerts import Finding, Kind
from hub.model.lockdown import Bolt, Outcome
from hub.model.people import PersonKind
from hub.model.values import Address, How, LockId, Position, PropertyId
from hub.people import Who
from hub.people import Wish as PassWish
from hub.store import alerts, doors, emergencies, log, removing
from hub.store.engine import Tx
from tests.hub.test_alerts import _with_post
from tests.simulators.box import box
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home, nothing_can_be_written, simulate

HOUSE, FRONT, BACK = PropertyId("house"), LockId("front"), LockId("back")
DOWN = Wish(Act.LOCK_DOWN, "A break-in next door", property=HOUSE)
OPEN = Wish(Act.UNLOCK, "A child is locked in", lock=FRONT)


def _two() -> list[Memory]:
    return [Memory(Address(name), position=Position.UNLOCKED) for name in ("front", "back")]


async def _do(house: Home, wish: Wish) -> Done:
    foreseen = await house.hub.emergencies.prepare(wish, "Rosa")
    return await house.hub.emergencies.carry_out(foreseen.id, "Rosa")


async def _found(house: Home, kind: Kind) -> list[Finding]:
    hub = house.hub
    return [each for each in await hub.store.read(lambda tx: findings(tx, hub)) if each.kind is kind]


async def _raised(house: Home) -> set[tuple[Kind, str]]:
    return {(row.kind, row.about) for row in await house.hub.store.read(alerts.raised)}


async def _release(house: Home) -> None:
    (row,) = await house.hub.store.read(emergencies.lockdowns)
    await _do(house, Wish(Act.RELEASE, "All is well", lockdown=row.id))


@pytest.mark.usefixtures("either_database")
def test_a_door_that_was_silent_stays_an_alert_and_is_locked_as_soon_as_it_is_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.lock("front").silent = True
            done = await _do(house, DOWN)
            assert done.sentence.endswith("1 of 2 doors are locked. Not known to be locked: Front.")
            await house.later(minutes=30)
            (open_,) = await _found(house, Kind.NOT_LOCKED)
            assert open_.sentence == (
                "House is locked down, and Front has not said that it is locked: it did not answer."
            )
            assert open_.cure.startswith("It is locked as soon as it answers, while the lock-down lasts.")
            assert (Kind.NOT_LOCKED, "lock:front") in await _raised(house)
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(seconds=20)
            assert house.lock("front").position is Position.LOCKED
            assert not await _found(house, Kind.NOT_LOCKED)
            await house.later(minutes=11)
            assert (Kind.NOT_LOCKED, "lock:front") not in await _raised(house)
            trail = await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
            assert ("gatehouse", "lock", "done") in {(deed.actor, deed.action, deed.outcome) for deed in trail}

    simulate(main())


def test_it_is_locked_late_over_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        memories = _two()
        async with home(tmp_path, memories) as house:
            house.lock("front").silent = True
            await _do(house, DOWN)
        async with home(tmp_path, memories, start=START + timedelta(hours=1), furnish=False) as house:
            await house.later(minutes=5)
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(minutes=5)
            assert house.lock("front").position is Position.LOCKED
            assert not await _found(house, Kind.NOT_LOCKED)

    simulate(main())


def test_it_is_locked_late_though_the_clock_was_set_back_by_hours(tmp_path: Path) -> None:
    async def main() -> None:
        async with box(tmp_path, *_two()) as (house, clock):
            house.lock("front").silent = True
            await _do(house, DOWN)
            await asyncio.sleep(60)
            clock.jump(-timedelta(hours=8))
            house.lock("front").silent = False
            await house.driver.wake("front")
            await asyncio.sleep(60)
            assert house.lock("front").position is Position.LOCKED
            assert not await _found(house, Kind.NOT_LOCKED)
            await house.driver.turn("front", Position.UNLOCKED)
            await asyncio.sleep(3600)
            assert len(await _found(house, Kind.NOT_LOCKED)) == 1
            assert house.lock("front").position is Position.UNLOCKED

    simulate(main())


def test_after_the_release_no_bolt_is_moved(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.lock("front").silent = True
            await _do(house, DOWN)
            await house.later(minutes=30)
            await _release(house)
            assert not await _found(house, Kind.NOT_LOCKED)
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(hours=2)
            assert house.lock("front").position is Position.UNLOCKED

    simulate(main())


def test_whoever_leaves_is_not_locked_in_and_a_door_left_open_is_an_alert_until_somebody_locks_it(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            await _do(house, DOWN)
            await house.driver.turn("front", Position.UNLOCKED)
            await house.later(minutes=5)
            assert house.lock("front").position is Position.UNLOCKED
            (open_,) = await _found(house, Kind.NOT_LOCKED)
            assert open_.sentence == "House is locked down, and Front is unlocked."
            assert (Kind.NOT_LOCKED, "lock:front") in await _raised(house)
            await house.driver.turn("front", Position.LOCKED)
            await house.later(minutes=12)
            assert not await _found(house, Kind.NOT_LOCKED)
            assert (Kind.NOT_LOCKED, "lock:front") not in await _raised(house)

    simulate(main())


def test_a_bolt_that_refused_is_told_and_not_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.lock("front").position = Position.JAMMED
            await _do(house, DOWN)
            await house.later(minutes=2)
            (open_,) = await _found(house, Kind.NOT_LOCKED)
            assert open_.sentence == "House is locked down, and Front refused: the bolt is jammed."
            house.lock("front").position = Position.UNLOCKED
            await house.driver.wake("front")
            await house.later(hours=1)
            assert house.lock("front").position is Position.UNLOCKED
            assert len(await _found(house, Kind.NOT_LOCKED)) == 1

    simulate(main())


def test_an_emergency_unlock_that_was_refused_is_not_told_as_done(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.lock("front").position = Position.JAMMED
            done = await _do(house, OPEN)
            assert done.doors[0].outcome is Outcome.REFUSED
            await house.later(seconds=30)
            (said,) = await _found(house, Kind.EMERGENCY_UNLOCK)
            assert said.sentence == (
                "Front was to be unlocked in an emergency and did not open; it was asked by Rosa: A child is locked in."
            )
            trail = await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
            (deed,) = [deed for deed in trail if deed.action == "emergency: unlock"]
            assert deed.outcome == "refused"

    simulate(main())


def test_a_silent_lock_is_never_said_to_unlock_later_and_never_does(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), position=Position.LOCKED)]) as house:
            house.lock("front").silent = True
            await house.driver.fall_silent("front")
            foreseen = await house.hub.emergencies.prepare(OPEN, "Rosa")
            assert foreseen.doors[0].trouble.endswith("if it does not open then, it does not open later either")
            done = await house.hub.emergencies.carry_out(foreseen.id, "Rosa")
            assert done.doors[0].outcome is Outcome.UNKNOWN
            (said,) = await _found(house, Kind.EMERGENCY_UNLOCK)
            assert "nobody knows whether it opened" in said.sentence
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(hours=2)
            assert house.lock("front").position is Position.LOCKED
            rows = await house.hub.store.read(lambda tx: emergencies.past(tx, house.hub.clock.now()))
            now = house.hub.clock.now()
            of = await house.hub.store.read(lambda tx: by_emergency(tx, rows, house.hub.plugins, now))
            assert [each.sentence for each in of[rows[0].id]] == [done.sentence]

    simulate(main())


def test_while_the_command_is_under_way_nothing_is_said_of_what_became_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            foreseen = await hub.emergencies.prepare(OPEN, "Rosa")
            seen: list[str] = []
            async with hub.bus.listen("emergency") as ear:
                moving = hub.emergencies.carry_out(foreseen.id, "Rosa")
                async with asyncio.TaskGroup() as group:
                    group.create_task(moving)
                    await anext(ear)
                    seen += [each.sentence for each in await _found(house, Kind.EMERGENCY_UNLOCK)]
            assert seen == []
            (said,) = await _found(house, Kind.EMERGENCY_UNLOCK)
            assert said.sentence == "Front was unlocked in an emergency by Rosa: A child is locked in."

    simulate(main())


def test_a_lock_that_tells_where_it_stands_as_it_comes_back_is_locked_all_the_same(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.lock("front").silent = True
            await _do(house, DOWN)
            await house.later(seconds=5)
            house.lock("front").silent = False
            await house.driver.turn("front", Position.UNLOCKED, How.UNKNOWN)
            await house.later(minutes=2)
            assert house.lock("front").position is Position.LOCKED
            (row,) = await house.hub.store.read(emergencies.lockdowns)
            now = house.hub.clock.now()
            of = await house.hub.store.read(lambda tx: by_emergency(tx, [row], house.hub.plugins, now))
            assert {each.door.id: each.bolt for each in of[row.id]} == {FRONT: Bolt.LOCKED, BACK: Bolt.LOCKED}

    simulate(main())


def test_a_driver_that_fails_as_none_should_keeps_no_other_door_from_being_locked_and_is_tried_again(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            front, answers = house.lock("front"), house.lock("front").lose
            front.lose = lambda _what: str(1 // 0)
            done = await _do(house, DOWN)
            assert done.sentence.endswith("1 of 2 doors are locked. Not known to be locked: Front.")
            assert house.lock("back").position is Position.LOCKED
            await house.driver.wake("front")
            await house.later(minutes=5)
            assert len(await _found(house, Kind.NOT_LOCKED)) == 1
            front.lose = answers
            await house.driver.wake("front")
            await house.later(minutes=30)
            assert front.position is Position.LOCKED

    simulate(main())


def _at_its_move(house: Home, then: Callable[[], None]) -> None:
    house.lock("front").lose = lambda what: then() if what == "move" else None


@pytest.mark.parametrize("full_from", ["the beginning", "the first command"])
@pytest.mark.usefixtures("in_a_file")
def test_a_disk_that_fills_up_keeps_no_door_open_and_whoever_asked_learns_what_became_of_each(
    tmp_path: Path, full_from: str
) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            full = nothing_can_be_written(house)
            if full_from == "the first command":
                _at_its_move(house, full.__enter__)
            async with house.hub.bus.listen("emergency") as ear:
                doing = asyncio.create_task(_do(house, DOWN))
                await anext(ear)
                if full_from == "the beginning":
                    full.__enter__()
                done = await doing
            assert {house.lock(name).position for name in ("front", "back")} == {Position.LOCKED}
            assert {each.outcome for each in done.doors} == {Outcome.DONE}
            assert "2 of 2 doors are locked. This could not be written down: another program holds" in done.sentence
            assert all("This could not be written down" in each.sentence for each in done.doors)
            full.__exit__(None, None, None)
            await house.later(minutes=5)
            (row,) = await house.hub.store.read(emergencies.lockdowns)
            assert row.by == "Rosa"

    simulate(main())


@pytest.mark.usefixtures("in_a_file")
def test_what_a_door_did_is_told_though_it_cannot_be_written_down(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            full = nothing_can_be_written(house)
            _at_its_move(house, full.__enter__)
            done = await _do(house, OPEN)
            assert done.doors[0].outcome is Outcome.DONE
            assert done.sentence.startswith("Front is unlocked. This could not be written down: ")
            assert done.sentence.endswith("No guest was written to.")
            full.__exit__(None, None, None)

    simulate(main())


def test_a_lock_that_is_removed_while_it_is_told_to_lock_keeps_no_other_door_open(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.lock("front").silent = house.lock("back").silent = True
            moving = asyncio.create_task(_do(house, DOWN))
            await asyncio.sleep(1)
            await house.hub.store.write(lambda tx: removing.remove_lock(tx, FRONT))
            await moving
            await house.later(seconds=5)
            house.lock("back").silent = False
            await house.driver.wake("back")
            await house.later(minutes=5)
            assert house.lock("back").position is Position.LOCKED

    simulate(main())


def test_a_lock_that_is_removed_while_it_is_locked_late_ends_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.lock("front").silent = True
            await _do(house, DOWN)
            await house.later(seconds=5)
            await house.driver.wake("front")
            await house.later(seconds=58)
            trail = await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
            assert [deed.outcome for deed in trail] == ["asked", "unknown"], "it is being told once more"
            await house.hub.store.write(lambda tx: removing.remove_lock(tx, FRONT))
            await house.later(minutes=5)
            assert [each.name for each in await house.hub.store.read(doors.doors)] == ["Back"]

    simulate(main())


# ---- who works there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sms", [True, False], ids=["with SMS", "by e-mail alone"])
def test_who_works_there_is_told_of_a_lock_down_and_its_release_by_every_way_they_have(
    tmp_path: Path, sms: bool
) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            hub, post = house.hub, _with_post(house, sms=sms)

            def work(tx: Tx) -> None:
                for name, email, phone in (("Maria", "maria@example.com", "+49 170 1"), ("Otto", "", "+49 170 2")):
                    id_ = people.add(tx, hub.desk, Who(name, PersonKind.CLEANER, email=email, phone=phone), "ada")
                    people.give(tx, hub.desk, id_, PassWish((FRONT,)), "ada")

            await hub.store.write(work)
            await _do(house, DOWN)
            await house.later(minutes=2)
            reached = {"maria@example.com"} | ({"+491701", "+491702"} if sms else set())
            assert {to.replace(" ", "") for to, _ in post.sent} == reached
            trail = await hub.store.read(lambda tx: log.deeds(tx, "property:house"))
            (told,) = [deed for deed in trail if deed.action == "tell who works there"]
            assert ("email and sms" in told.detail) == sms
            assert len(told.detail.split(", ")) == (2 if sms else 1)
            post.sent.clear()
            await _release(house)
            await house.later(minutes=1)
            assert {to.replace(" ", "") for to, subject in post.sent if subject.startswith("Over: ")} == reached

    simulate(main())
