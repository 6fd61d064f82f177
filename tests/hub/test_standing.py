"""What is said of passes when something is wrong with them, and how they stand otherwise."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from hub import people
from hub.health import findings
from hub.model.alerts import Finding, Kind, Level
from hub.model.codes import CodeState
from hub.model.facts import BoltMoved
from hub.model.passes import EveryWeek, Turnover, read_hours
from hub.model.values import Address, How, Position
from hub.passes import tidy
from hub.people import Wish
from hub.standing import PassState, Standing, standings
from hub.store import removing
from tests.hub.test_passes import BACK, BY, FRONT, decide, given
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate


async def found(house_: Home) -> list[Finding]:
    hub = house_.hub
    return await hub.store.read(lambda tx: findings(tx, hub))


async def standing(house_: Home) -> Standing:
    hub = house_.hub
    [only] = await hub.store.read(lambda tx: standings(tx, hub.desk))
    return only


def test_a_code_that_is_not_proven_though_its_hours_have_begun_is_urgent(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as here:
            here.lock("front").silent = True
            await given(here, Wish((FRONT,), EveryWeek(read_hours("Mon 12:00-13:00"))))
            await here.later(minutes=30)
            assert [each.kind for each in await found(here) if each.kind is Kind.CODE_UNPROVEN] == []
            await here.later(hours=2)
            [said] = [each for each in await found(here) if each.kind is Kind.CODE_UNPROVEN]
            assert (said.level, said.sentence) == (Level.URGENT, "The code of Maria is not proven in Front.")
            await here.later(hours=2)
            assert [each.kind for each in await found(here) if each.kind is Kind.CODE_UNPROVEN] == []

    simulate(work())


def test_uses_that_cannot_be_counted_any_more_are_said(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as here:
            await given(here, Wish((FRONT,), uses=5))
            assert all(each.kind is not Kind.PASS_CANNOT_WORK for each in await found(here))
            dumb = BoltMoved(Address("front"), here.hub.clock.now(), Position.UNLOCKED, How.KEYPAD, None)
            await here.hub.store.write(lambda tx: here.hub.intake.absorb(tx, dumb, "memory"))
            [said] = [each for each in await found(here) if each.kind is Kind.PASS_CANNOT_WORK]
            assert said.sentence == (
                "The pass of Maria: Front does not say whose code was typed, so its uses are not counted."
            )

    simulate(work())


def test_a_pass_without_doors_or_unit_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("back"))]) as here:
            await given(here, Wish((FRONT, BACK), Turnover(FLAT)))
            await given(here, Wish((BACK,)), "Ines")
            other, pin = await given(here, Wish((FRONT,)), "Karl")
            await decide(here, lambda tx: removing.remove_unit(tx, FLAT, here.hub.clock.now()))
            await decide(here, lambda tx: removing.remove_lock(tx, BACK))
            await here.later(minutes=1)
            said = [each.sentence for each in await found(here) if each.kind is Kind.PASS_CANNOT_WORK]
            assert sorted(said) == [
                "The pass of Ines: its doors were all removed.",
                "The pass of Maria: the unit that it is for was removed.",
            ]
            assert await here.driver.press("front", pin)
            await decide(here, lambda tx: people.end(tx, here.hub.desk, other, BY))

    simulate(work())


def test_a_pass_stands_open_waiting_paused_and_over(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as here:
            id_, _ = await given(here, Wish((FRONT,), EveryWeek(read_hours("Mon 11:00-13:00"))))
            desk = here.hub.desk
            assert (await standing(here)).state is PassState.WAITING
            await here.later(hours=1)
            now = await standing(here)
            assert (now.state, now.doors[0].state, now.doors[0].proven) == (PassState.OPEN, CodeState.SET, True)
            await decide(here, lambda tx: people.pause(tx, desk, id_, BY))
            assert (await standing(here)).state is PassState.PAUSED
            await decide(here, lambda tx: people.end(tx, desk, id_, BY))
            assert (await standing(here)).state is PassState.OVER
            later = here.hub.clock.now() + timedelta(days=31)
            await here.later(minutes=1)
            await decide(here, lambda tx: tidy(tx, later))
            assert await here.hub.store.read(lambda tx: standings(tx, desk)) == [], "it was forgotten"

    simulate(work())
