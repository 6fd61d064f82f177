"""The deadline ladder in a whole hub: a lock that fails in one way or another, and what stands on which rung when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from hub import backup_codes, guest_page, ladder, policies
from hub.bus import EVERYTHING, Bus
from hub.errors import Rejected
from hub.io.clock import LoopClock
from hub.model.alerts import Kind, Level, QuietHours
from hub.model.facts import BoltMoved, LockFact, Mode, ModeTold, Trouble, TroubleSeen
from hub.model.ladder import Act, Rung, Tell, Withhold
from hub.model.policy import Override
from hub.model.values import Address, How, Position, Purpose
from hub.store import alerts, codes, log
from hub.store import ladder as pools
from tests.hub.ladder_house import (
    CHECK_IN,
    CHECK_OUT,
    FLAT,
    FRONT,
    MINUTE,
    Forgetful,
    backups,
    booked,
    forgetful,
    found_of,
    placed,
    pool_of,
    proven_of,
    silent,
    typed,
)
from tests.hub.test_alerts import ANNA, _people, _with_post
from tests.simulators.building import Memory
from tests.simulators.home import home, simulate

Told = Callable[[datetime], LockFact]

# ---- locks that fail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", [silent, forgetful], ids=["silent", "acknowledges and keeps nothing"])
def test_a_guest_whose_lock_fails_gets_a_backup_code_that_opens_half_an_hour_before_they_come(
    tmp_path: Path, failing: Callable[[Memory], AbstractContextManager[None]]
) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            pool = await pool_of(house)
            assert proven_of(house, pool) == 2
            assert (await placed(house)).rung is Rung.EXPECTED
            with failing(memory):
                await house.until(CHECK_IN - 57 * MINUTE)
                (late,) = await found_of(house, Kind.CODE_LATE)
                assert late.sentence.startswith("The code of Ada Lovelace is not proven in Front")
                assert "a backup code takes its place at 2027-03-02 14:30" in late.cure
                await house.until(CHECK_IN - 31 * MINUTE)
                assert await backups(house) == []
                await house.until(CHECK_IN - 29 * MINUTE)
                assert (await placed(house)).rung is Rung.SWITCHED
                (entry,) = await backups(house)
                assert await house.driver.press("front", typed(house, entry)), "it opens"
                (switched,) = await found_of(house, Kind.CODE_SWITCHED)
                assert switched.cure == "Tell the guest the backup code; it is on the stay's page."
                await house.until(CHECK_IN)
                assert not await found_of(house, Kind.CODE_MISSING), "nobody is called: there is a code that works"
                memory.silent = False
                assert (await house.stay()).arrived_at is not None
                story = await house.hub.store.read(lambda tx: log.entries(tx, log.Filter(stay=entry.stay)))
                assert story[-1].who == "Ada Lovelace" or any(each.who == "Ada Lovelace" for each in story)

    simulate(main())


def test_a_code_that_the_lock_refuses_is_replaced_by_a_backup_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            row, digits = await house.stay(), await house.digits()
            entries = await house.hub.store.read(lambda tx: codes.issued_for(tx, row.id))
            ids, now = [each.grant.id for each in entries], house.hub.clock.now()
            await house.hub.store.write(lambda tx: codes.told(tx, ids, now))
            house.lock("front").codes[20] = digits
            await house.until(CHECK_IN - 29 * MINUTE)
            assert (await placed(house)).rung is Rung.SWITCHED
            (switched,) = await found_of(house, Kind.CODE_KNOWN_WRONG)
            assert "the lock refuses it" in switched.sentence

    simulate(main())


def test_somebody_is_called_when_nothing_is_proven_a_quarter_of_an_hour_before(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), silent=True)
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            await house.until(CHECK_IN - 16 * MINUTE)
            assert not await found_of(house, Kind.CODE_MISSING)
            await house.until(CHECK_IN - 15 * MINUTE)
            (call,) = await found_of(house, Kind.CODE_MISSING)
            assert (call.level, call.kind.rule.escalate is not None) == (Level.URGENT, True)
            memory.silent = False
            await house.driver.wake("front")
            await house.later(minutes=1)
            assert not await found_of(house, Kind.CODE_MISSING), "the rung is left as soon as it is not true any more"
            assert (await placed(house)).rung is Rung.PROVEN
            assert await backups(house) == [], "no backup code was ready, and none is needed now"

    simulate(main())


def test_a_lock_that_says_nothing_is_asked_a_day_ahead_and_somebody_is_warned(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"))
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(days=4)) as house:
            await booked(house)
            await house.until(CHECK_IN - timedelta(hours=26))
            memory.silent = True
            before = memory.commands
            await house.until(CHECK_IN - timedelta(hours=24, minutes=30))
            assert memory.commands > before, "it is asked, though nothing is wanted of it yet"
            assert not await found_of(house, Kind.CODE_LATE)
            await house.until(CHECK_IN - timedelta(hours=24))
            (late,) = await found_of(house, Kind.CODE_LATE)
            assert late.sentence.startswith("Front was last heard 2027-02-26")
            assert isinstance((await placed(house)).gate, Withhold)
            memory.silent = False
            await house.driver.wake("front")
            await house.later(seconds=30)
            assert not await found_of(house, Kind.CODE_LATE)
            assert isinstance((await placed(house)).gate, Tell)

    simulate(main())


def test_only_the_door_that_fails_gets_the_backup_code(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("flat"))]
        async with home(tmp_path, memories, backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            house.lock("flat").silent = True
            await house.until(CHECK_IN - 20 * MINUTE)
            where = await placed(house)
            assert {door.lock: at.rung for door, at in where.doors} == {"flat": Rung.SWITCHED, "front": Rung.PROVEN}
            (switched,) = await found_of(house, Kind.CODE_SWITCHED)
            assert switched.sentence.startswith("The code of Ada Lovelace is not proven in Flat. A backup code")
            row = await house.stay()
            told = await house.hub.store.write(
                lambda tx: backup_codes.for_guest(tx, house.hub.desk, row, "account:ada")
            )
            shown = {lock: pin.reveal() for lock, pin in told}
            assert shown[FRONT] == await house.digits() != shown[FLAT]
            assert house.lock("flat").holds(shown[FLAT])

    simulate(main())


def test_a_door_whose_code_goes_in_later_is_not_late_and_gets_no_backup_code_before(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("flat"))]
        async with home(tmp_path, memories, backups=2, start=CHECK_IN - timedelta(hours=3)) as house:
            at_check_in = Override(lead=timedelta(0))
            await house.hub.store.write(lambda tx: policies.of_lock(tx, house.hub.intake, FLAT, at_check_in, "ada"))
            await booked(house)
            for minutes in (57, 29, 14):
                await house.until(CHECK_IN - minutes * MINUTE)
                where = await placed(house)
                assert where.at_doors == {FLAT: Rung.EXPECTED, FRONT: Rung.PROVEN}
                assert where.gate == Tell(CHECK_IN), "from when the code opens every door"
                assert await found_of(house, Kind.CODE_LATE) + await found_of(house, Kind.CODE_MISSING) == []
            assert await backups(house) == []
            row, desk = await house.stay(), house.hub.desk
            page = await house.hub.store.read(lambda tx: guest_page.look(tx, desk, row, None))
            assert {door.lock: door.begun for door in page.doors} == {FLAT: False, FRONT: True}
            with pytest.raises(Rejected, match="too early"):
                await house.hub.store.write(lambda tx: guest_page.complain(tx, desk, page, FLAT, backup_too=False))
            await house.until(CHECK_IN + MINUTE)
            assert (await placed(house)).rung is Rung.PROVEN
            assert house.lock("flat").holds(await house.digits())

    simulate(main())


def test_where_guests_may_come_before_check_in_every_rung_is_as_much_earlier(tmp_path: Path) -> None:
    early = timedelta(hours=3)
    comes_at = CHECK_IN - early

    async def warned() -> None:
        memory = Memory(Address("front"), silent=True, holds_disabled=True)
        async with home(tmp_path, [memory], early_in=early, start=comes_at - timedelta(hours=24.5)) as house:
            await booked(house)
            await house.until(comes_at - timedelta(hours=24, minutes=5))
            assert not await found_of(house, Kind.CODE_LATE)
            await house.until(comes_at - timedelta(hours=24))
            assert len(await found_of(house, Kind.CODE_LATE)) == 1

    async def helped() -> None:
        (tmp_path / "other").mkdir()
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(
            tmp_path / "other", [memory], early_in=early, backups=1, start=comes_at - timedelta(hours=2)
        ) as house:
            await booked(house)
            with forgetful(memory):
                await house.until(comes_at - 31 * MINUTE)
                assert await backups(house) == []
                await house.until(comes_at - 29 * MINUTE)
                (entry,) = await backups(house)
                assert await house.driver.press("front", typed(house, entry)), (
                    "half an hour before somebody may stand there"
                )
                await house.hub.store.write(lambda tx: codes.revoke(tx, [entry.grant.id], house.hub.clock.now()))
                await house.until(comes_at - 16 * MINUTE)
                assert not await found_of(house, Kind.CODE_MISSING)
                await house.until(comes_at - 14 * MINUTE)
                assert len(await found_of(house, Kind.CODE_MISSING)) == 1

    simulate(warned())
    simulate(helped())


def test_where_a_code_can_wait_in_the_lock_it_is_proven_a_day_ahead_and_told(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), holds_disabled=True)
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=40)) as house:
            await booked(house)
            await house.until(CHECK_IN - timedelta(hours=24))
            where = await placed(house)
            assert (where.rung, isinstance(where.gate, Tell)) == (Rung.PROVEN, True)
            digits = await house.digits()
            assert memory.holds(digits)
            assert not await house.driver.press("front", digits), "it waits"
            await house.until(CHECK_IN - 59 * MINUTE)
            assert await house.driver.press("front", digits)
            assert not await found_of(house, Kind.CODE_MISSING)

    simulate(main())


def test_where_a_code_should_wait_in_a_silent_lock_the_backup_code_is_pulled_four_hours_before_and_told_in_its_time(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), holds_disabled=True)
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=100)) as house:
            await house.later(minutes=5)
            memory.silent = True
            await house.until(CHECK_IN - timedelta(hours=40))
            await booked(house)
            await house.until(CHECK_IN - timedelta(hours=25))
            assert not await found_of(house, Kind.CODE_LATE)
            await house.until(CHECK_IN - timedelta(hours=24))
            assert len(await found_of(house, Kind.CODE_LATE)) == 1
            await house.until(CHECK_IN - timedelta(hours=3, minutes=59))
            where = await placed(house)
            assert where.rung is Rung.SWITCHED
            assert where.gate == Withhold("a backup code works already", until=CHECK_IN - timedelta(hours=1))
            (switched,) = await found_of(house, Kind.CODE_SWITCHED)
            assert "from 2027-03-02 14:00 on, not before" in switched.cure
            await house.until(CHECK_IN - timedelta(hours=1))
            assert isinstance((await placed(house)).gate, Tell)

    simulate(main())


# ---- called twice, killed between, no time --------------------------------------------------------------------------


@pytest.mark.usefixtures("either_database")
def test_pulling_twice_gives_the_same_code_and_two_stays_never_get_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            desk, row = house.hub.desk, await house.stay()
            other = replace(row, id=row.id)
            first = await house.hub.store.write(lambda tx: backup_codes.pull(tx, desk, row, FRONT))
            again = await house.hub.store.write(lambda tx: backup_codes.pull(tx, desk, other, FRONT))
            assert first is not None
            assert again is not None
            assert first.grant.id == again.grant.id
            taken = await house.hub.store.write(
                lambda tx: pools.pull(tx, first.grant.id, row.id, CHECK_OUT, house.hub.clock.now(), "gatehouse")
            )
            assert not taken, "it is somebody's by now"
            assert first.purpose is Purpose.BACKUP
            assert first.stay == row.id

    simulate(main())


def test_an_act_that_is_no_longer_due_is_not_done(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            row = await house.stay()
            await house.hub.store.write(lambda tx: house.hub.ladder._do(tx, row.id, FRONT, Act.PULL))
            assert await backups(house) == []

    simulate(main())


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize(
    ("shut", "open_", "sentence"),
    [
        (
            lambda at: ModeTold(Address("front"), at, Mode.VACATION),
            lambda at: ModeTold(Address("front"), at, Mode.NORMAL),
            "Front is in vacation mode: no code opens it, that of Ada Lovelace neither.",
        ),
        (
            lambda at: TroubleSeen(Address("front"), at, Trouble.JAMMED),
            lambda at: BoltMoved(Address("front"), at, Position.LOCKED, How.MANUAL),
            "The bolt of Front is jammed: no code opens it, that of Ada Lovelace neither.",
        ),
    ],
    ids=["vacation mode", "jam"],
)
def test_a_proven_code_at_a_door_that_no_code_opens_calls_somebody_in_time_and_draws_no_backup_code(
    tmp_path: Path, shut: Told, open_: Told, sentence: str
) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=1, start=CHECK_IN - timedelta(hours=5)) as house:
            hub = house.hub

            async def tell(fact: Told) -> None:
                at = hub.clock.now()
                await hub.store.write(lambda tx: hub.intake.absorb(tx, fact(at), "memory"))

            await booked(house)
            await house.until(CHECK_IN - 40 * MINUTE)
            assert (await placed(house)).rung is Rung.PROVEN
            await tell(shut)
            await house.later(minutes=3)
            assert (await placed(house)).rung is Rung.LATE
            assert [each.sentence for each in await found_of(house, Kind.CODE_LATE)] == [sentence]
            await house.until(CHECK_IN - 14 * MINUTE)
            assert [each.sentence for each in await found_of(house, Kind.CODE_MISSING)] == [sentence]
            assert await backups(house) == []
            await tell(open_)
            await house.later(minutes=1)
            assert (await placed(house)).rung is Rung.PROVEN
            await house.until(CHECK_IN + MINUTE)
            assert await house.driver.press("front", await house.digits())
            await tell(shut)
            await house.later(minutes=5)
            assert await found_of(house, Kind.CODE_MISSING) == [], "who has come in is told of otherwise"

    simulate(main())


def test_a_hub_that_was_off_when_a_rung_was_due_stands_on_it_as_soon_as_it_is_back(tmp_path: Path) -> None:
    memory = Memory(Address("front"), codes=Forgetful())

    async def before() -> None:
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)

    async def after() -> None:
        memory.codes.tired = True  # type: ignore[attr-defined]
        async with home(tmp_path, [memory], furnish=False, start=CHECK_IN - 10 * MINUTE) as house:
            await house.later(seconds=10)
            assert (await placed(house)).rung is Rung.SWITCHED

    simulate(before())
    simulate(after())


def test_while_nobody_knows_the_time_no_backup_code_is_pulled_and_nobody_is_called(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            memory.codes.tired = True  # type: ignore[attr-defined]
            clock = house.hub.clock
            assert isinstance(clock, LoopClock)
            clock.trusted = False
            await house.until(CHECK_IN - 5 * MINUTE)
            assert await backups(house) == []
            assert not await found_of(house, Kind.CODE_MISSING)
            clock.trusted = True
            await house.later(seconds=40)
            assert (await placed(house)).rung is Rung.SWITCHED

    simulate(main())


def test_a_house_at_rest_is_not_looked_at(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=CHECK_IN - timedelta(days=4)) as house:
            await booked(house)
            looks = 0
            read = house.hub.store.read

            async def counted(work):  # type: ignore[no-untyped-def]
                nonlocal looks
                looks += getattr(work, "__qualname__", "").startswith("Ladder.")
                return await read(work)

            house.hub.store.read = counted  # type: ignore[method-assign]
            await house.later(days=2)
            assert looks <= 12, "once a day for the backup codes, and when a lock was asked for them"

    simulate(main())


def test_alerts_are_asked_to_look_when_a_stay_comes_to_another_rung_and_not_again_while_it_stands_there(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(hours=20)) as house:
            memory.codes.tired = True  # type: ignore[attr-defined]
            await booked(house)
            await house.until(CHECK_IN - 5 * MINUTE)
            assert (await placed(house)).rung is Rung.MISSING
            hub, bus, plan, all_ = house.hub, Bus(), ladder.Plan(), frozenset({EVERYTHING})
            looking = ladder.Ladder(hub.store, hub.desk, bus, hub.clock)
            async with bus.listen("health") as ear:
                await looking.look(plan, all_)
                async with asyncio.timeout(1):
                    assert await anext(ear) == {"health"}
                await looking.look(plan, all_)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(1):
                        await anext(ear)

    simulate(main())


# ---- what the guest knows ---------------------------------------------------------------------------------------------


def test_a_guest_who_holds_digits_that_do_not_open_is_told_of_at_once_and_a_switch_before_that_waits_for_the_morning(
    tmp_path: Path,
) -> None:
    async def main(*, told: bool, folder: Path) -> list[str]:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(folder, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            post = _with_post(house)
            await _people(house, ANNA, quiet=QuietHours(time(9), time(20)))
            await booked(house)
            if told:
                row = await house.stay()
                await house.hub.store.write(lambda tx: backup_codes.for_guest(tx, house.hub.desk, row, "account:ada"))
            memory.codes.tired = True  # type: ignore[attr-defined]
            await house.until(CHECK_IN - 20 * MINUTE)
            assert (await placed(house)).rung is Rung.SWITCHED
            at_once = list(post.texts)
            kinds = {alert.kind for alert in await house.hub.store.read(alerts.raised)}
            assert (Kind.CODE_KNOWN_WRONG in kinds, Kind.CODE_SWITCHED in kinds) == (told, not told)
            row = await house.stay()
            await house.hub.store.write(lambda tx: backup_codes.for_guest(tx, house.hub.desk, row, "account:ada"))
            await house.later(minutes=1)
            assert not await found_of(house, Kind.CODE_KNOWN_WRONG), "whoever tells the guest has the backup code"
            assert len(await found_of(house, Kind.CODE_SWITCHED)) == 1
            return at_once

    (text,) = simulate(main(told=True, folder=tmp_path / "told"))
    assert "A backup code has taken its place. The guest was told the code that does not work." in text
    assert simulate(main(told=False, folder=tmp_path / "untold")) == []
