from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.emergency import Done
from hub.emergency_wishes import Act, Wish
from hub.errors import Rejected
from hub.health import findings
from hub.model.alerts import Kind
from hub.model.codes import CodeState, state_of
from hub.model.lockdown import Outcome
from hub.model.values import Address, LockId, Pin, Position, PropertyId
from hub.store import code_list, codes, emergencies, log, settings
from hub.store.emergencies import Deed
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home, simulate

HOUSE, FRONT, BACK = PropertyId("house"), LockId("front"), LockId("back")
ARRIVAL = date(2027, 3, 1)
INSIDE = START + timedelta(hours=7)
"""After check-in."""


def _two() -> list[Memory]:
    return [Memory(Address("front")), Memory(Address("back"))]


async def _do(house: Home, wish: Wish, actor: str = "Rosa") -> Done:
    foreseen = await house.hub.emergencies.prepare(wish, actor)
    return await house.hub.emergencies.carry_out(foreseen.id, actor)


async def _guest_in(house: Home) -> str:
    house.book("one", ARRIVAL, date(2027, 3, 4))
    await house.until(INSIDE)
    return await house.digits()


async def _states(house: Home) -> set[CodeState]:
    listed = await house.hub.store.read(code_list.listing)
    now = house.hub.clock.now()
    return {
        state
        for code in listed
        if (state := state_of(None if code.issued is None else code.issued.grant, code.slot, now))
    }


async def _kinds(house: Home) -> set[Kind]:
    hub = house.hub
    return {each.kind for each in await hub.store.read(lambda tx: findings(tx, hub))}


def _lock_down(**where: object) -> Wish:
    return Wish(Act.LOCK_DOWN, "A break-in next door", **{"property": HOUSE} | where)  # type: ignore[arg-type]


def test_a_lock_down_takes_guests_codes_out_and_locks_every_door(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            digits = await _guest_in(house)
            assert await house.driver.press("front", digits)
            done = await _do(house, _lock_down())
            await house.later(seconds=10)
            assert not house.lock("front").holds(digits)
            assert not house.lock("back").holds(digits)
            assert {house.lock(name).position for name in ("front", "back")} == {Position.LOCKED}
            assert done.sentence.endswith("2 of 2 doors are locked.")
            assert await _states(house) == {CodeState.LOCKED_DOWN}
            assert Kind.LOCKED_DOWN in await _kinds(house)

    simulate(main())


def test_released_the_guest_has_the_same_code_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            digits = await _guest_in(house)
            await _do(house, _lock_down())
            await house.later(hours=1)
            row = (await house.hub.store.read(lambda tx: emergencies.current(tx, house.hub.clock.now())))[0]
            await _do(house, Wish(Act.RELEASE, "The police were here", lockdown=row.id))
            await house.later(seconds=10)
            assert house.lock("front").holds(digits)
            assert house.lock("back").holds(digits)
            assert await house.digits() == digits
            assert Kind.LOCKED_DOWN not in await _kinds(house)
            again = Wish(Act.RELEASE, "The police were here", lockdown=row.id)
            with pytest.raises(Rejected, match="released already"):
                await house.hub.emergencies.prepare(again, "Rosa")

    simulate(main())


def test_one_door_alone_can_be_locked_down(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            digits = await _guest_in(house)
            await _do(house, _lock_down(property=None, lock=FRONT))
            await house.later(seconds=10)
            assert not house.lock("front").holds(digits)
            assert house.lock("back").holds(digits)

    simulate(main())


def test_a_lock_down_survives_a_restart_and_reaches_a_lock_that_was_silent(tmp_path: Path) -> None:
    async def main() -> None:
        memories = _two()
        async with home(tmp_path, memories) as house:
            digits = await _guest_in(house)
            house.lock("front").silent = True
            done = await _do(house, _lock_down())
            assert {each.lock: each.outcome for each in done.doors} == {FRONT: Outcome.UNKNOWN, BACK: Outcome.DONE}
        async with home(tmp_path, memories, start=INSIDE + timedelta(minutes=5), furnish=False) as house:
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(minutes=16)
            assert not house.lock("front").holds(digits)
            await house.later(days=1)
            assert not house.lock("front").holds(digits)
            assert not house.lock("back").holds(digits)

    simulate(main())


def test_a_stay_that_comes_during_a_lock_down_gets_its_code_when_it_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _do(house, _lock_down())
            digits = await _guest_in(house)
            assert not house.lock("front").codes
            row = (await house.hub.store.read(lambda tx: emergencies.current(tx, house.hub.clock.now())))[0]
            await _do(house, Wish(Act.RELEASE, "All is well", lockdown=row.id))
            await house.later(seconds=10)
            assert house.lock("front").holds(digits)

    simulate(main())


def test_even_in_safe_mode_a_lock_down_takes_codes_out(tmp_path: Path) -> None:
    """Whoever restored an old backup may be the one who has to keep somebody out."""

    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _guest_in(house)
            house.hub.tagbook.add(house.hub.vault.tag(Pin("112358")))  # of a guest whom the backup does not know
            house.lock("front").codes |= {8: "271828", 9: "112358"}
            await house.hub.store.write(lambda tx: settings.keep(tx, "safe_mode", "restored"))
            await house.hub.store.write(lambda tx: codes.doubt_all(tx, house.hub.clock.now()))
            await house.later(minutes=30)
            assert house.lock("front").holds("112358"), "until somebody decides"
            await _do(house, _lock_down())
            await house.later(minutes=1)
            assert house.lock("front").codes == {8: "271828"}
            assert digits != "112358"

    simulate(main())


def test_an_emergency_code_opens_within_five_seconds_and_before_all_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            began = house.hub.clock.now()
            done = await _do(house, Wish(Act.CODE, "The fire brigade is here", property=HOUSE))
            assert house.hub.clock.now() - began < timedelta(seconds=5)
            assert isinstance(done.pin, Pin)
            assert done.sentence == "The code works now."
            assert await house.driver.press("front", done.pin.reveal())
            await house.later(hours=5)
            assert not house.lock("front").holds(done.pin.reveal())

    simulate(main())


def test_an_emergency_code_says_which_door_has_not_got_it_yet(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.lock("back").silent = True
            done = await _do(house, Wish(Act.CODE, "A leak in the roof", property=HOUSE))
            assert done.pin is not None
            assert house.lock("front").holds(done.pin.reveal())
            assert {each.lock: each.outcome for each in done.doors} == {FRONT: Outcome.DONE, BACK: Outcome.UNKNOWN}

    simulate(main())


def test_where_a_lock_is_silent_a_backup_code_that_it_holds_already_opens(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two(), backups=1) as house:
            await house.later(minutes=5)
            house.lock("back").silent = True
            done = await _do(house, Wish(Act.CODE, "A leak in the roof", property=HOUSE))
            other = {each.lock: each.pin for each in done.doors}
            assert other[FRONT] is None
            backup = other[BACK]
            assert backup is not None
            assert house.lock("back").holds(backup.reveal())
            assert done.sentence == "The code works now. Mind the doors that take another one."
            house.lock("back").silent = False
            await house.later(hours=5)
            assert not house.lock("back").holds(backup.reveal())

    simulate(main())


def test_a_code_that_no_door_has_confirmed_is_not_said_to_work(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two(), backups=1) as house:
            await house.later(minutes=5)
            house.lock("back").silent = True
            done = await _do(house, Wish(Act.CODE, "A leak in the roof", lock=BACK))
            assert done.doors[0].pin is not None
            assert (
                done.sentence
                == "No door has confirmed this code yet. Another one works now: it stands beside its door."
            )

    simulate(main())


def test_an_earlier_code_that_was_refused_says_nothing_of_the_next(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=0) as house:
            house.lock("front").silent = True
            first = await _do(house, Wish(Act.CODE, "A leak in the roof", lock=FRONT))
            assert first.doors[0].outcome is Outcome.UNKNOWN
            (grant,) = await house.hub.store.read(lambda tx: codes.open_grants(tx, FRONT))
            await house.hub.store.write(lambda tx: codes.refuse(tx, grant.id, "it does not like them"))
            house.lock("front").silent = False
            await house.driver.wake("front")
            second = await _do(house, Wish(Act.CODE, "A leak in the roof", lock=FRONT))
            assert (second.doors[0].outcome, second.sentence) == (Outcome.DONE, "The code works now.")

    simulate(main())


def test_a_lock_down_leaves_emergency_codes_and_strangers_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.lock("front").codes[5] = "2718"
            await house.later(minutes=30)
            done = await _do(house, Wish(Act.CODE, "The fire brigade is here", lock=FRONT))
            assert done.pin is not None
            foreseen = await house.hub.emergencies.prepare(_lock_down(), "Rosa")
            await house.hub.emergencies.carry_out(foreseen.id, "Rosa")
            await house.later(minutes=1)
            assert house.lock("front").holds(done.pin.reveal())
            assert house.lock("front").holds("2718")

    simulate(main())


def test_what_would_happen_is_said_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two()) as house:
            house.book("later", date(2027, 3, 9), date(2027, 3, 12), "Grace Hopper")
            digits = await _guest_in(house)
            await house.driver.press("front", digits)
            house.lock("back").silent = True
            await house.hub.hand.move(BACK, Position.LOCKED, "Rosa")
            foreseen = await house.hub.emergencies.prepare(_lock_down(), "Rosa")
            assert [(each.lock, each.codes) for each in foreseen.doors] == [(BACK, 1), (FRONT, 1)]
            assert [(guest.name, guest.inside) for guest in foreseen.guests] == [("Ada Lovelace", True)]
            assert (
                foreseen.notes[-1] == "Codes of later stays (1) are in no lock yet, and go in only once it is released."
            )
            assert house.lock("front").holds(digits)

    simulate(main())


@pytest.mark.parametrize("late", [False, True])
def test_only_the_person_who_asked_confirms_once_and_soon(tmp_path: Path, late: bool) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            foreseen = await house.hub.emergencies.prepare(_lock_down(), "Rosa")
            with pytest.raises(Rejected, match="nothing to confirm"):
                await house.hub.emergencies.carry_out(foreseen.id, "Otto")
            if late:
                await asyncio.sleep(121)
                with pytest.raises(Rejected, match="two minutes"):
                    await house.hub.emergencies.carry_out(foreseen.id, "Rosa")
                return
            await house.hub.emergencies.carry_out(foreseen.id, "Rosa")
            with pytest.raises(Rejected, match="nothing to confirm"):
                await house.hub.emergencies.carry_out(foreseen.id, "Rosa")

    simulate(main())


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(Act.LOCK_DOWN, " ", property=HOUSE), "say why"),
        (Wish(Act.LOCK_DOWN, "Smoke"), "name a property or a lock"),
        (Wish(Act.LOCK_DOWN, "Smoke", property=PropertyId("elsewhere")), "no property called “elsewhere”"),
        (Wish(Act.UNLOCK, "Smoke", property=HOUSE), "one door at a time"),
        (Wish(Act.CODE, "Smoke", lock=FRONT, hours=1000), "five minutes to seven days"),
        (Wish(Act.RELEASE, "Smoke", lockdown="x"), "no such lock-down"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(tmp_path: Path, wish: Wish, why: str) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            with pytest.raises(Rejected, match=why):
                await house.hub.emergencies.prepare(wish, "Rosa")

    simulate(main())


def test_an_emergency_unlock_stands_in_the_audit_trail_with_its_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            done = await _do(house, Wish(Act.UNLOCK, "A child is locked in", lock=FRONT))
            assert done.sentence == "Front is unlocked."
            trail = await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
            assert ("Rosa", "emergency: unlock") in {(deed.actor, deed.action) for deed in trail}
            rows = await house.hub.store.read(lambda tx: emergencies.current(tx, house.hub.clock.now()))
            assert [(row.deed, row.reason) for row in rows] == [(Deed.UNLOCK, "A child is locked in")]
            assert Kind.EMERGENCY_UNLOCK in await _kinds(house)
            await house.later(hours=2)
            assert Kind.EMERGENCY_UNLOCK not in await _kinds(house)

    simulate(main())
