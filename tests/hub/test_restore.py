"""An old backup comes back: the locks are read before anything is given, and nobody keeps access that he lost since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub import people, workflow
from hub.adopting import Wish as Adopted
from hub.errors import Rejected
from hub.hub import Hub
from hub.intake import NewStay
from hub.io.vault import Vault
from hub.model.codes import CodeState, Reading, state_of
from hub.model.people import PersonKind
from hub.model.values import Address, LockId, PassId, StayId, StayStatus
from hub.model.workflow import Stage
from hub.store import code_list, codes, log, passes, questions, restoring, settings
from hub.store.backup import back_up, restore
from hub.store.engine import Tx
from hub.store.places import place_of
from tests.simulators.building import Memory
from tests.simulators.home import DATABASE, FLAT, START, Home, home, simulate

FRONT = LockId("front")


def saved(house: Home, folder: Path) -> Path:
    hub = house.hub
    return back_up(
        hub.store.place, hub.state_dir, folder / "backups", hub.vault, recovery=None, now=hub.clock.now()
    ).file


@pytest.mark.usefixtures("either_database")
def test_a_restored_hub_reads_its_locks_gives_nothing_and_then_takes_back_what_it_had_forgotten(tmp_path: Path) -> None:
    memory = Memory(Address("front"), codes={9: "271828"})

    async def life() -> tuple[Path, str, datetime]:
        async with home(tmp_path, [memory]) as house:
            file = saved(house, tmp_path)
            house.book("a", date(2027, 3, 1), date(2027, 3, 2))
            await house.until(datetime(2027, 3, 1, 15, tzinfo=UTC))
            digits = await house.digits()
            assert memory.holds(digits)
            return file, digits, house.hub.clock.now()

    async def after(digits: str, start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            with pytest.raises(Rejected, match=r"still being read \(Front\)"):
                await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert memory.codes == {1: digits, 9: "271828"}, "read, and left as it is"
            slots = await house.hub.store.read(lambda tx: codes.slots_of(tx, FRONT))
            assert {slot.number for slot in slots if slot.reading is Reading.OCCUPIED} == {1, 9}
            listed = await house.hub.store.read(code_list.listing)
            assert [code.slot.number for code in listed if code.slot is not None] == [1, 9], "for a person to decide"
            now, ours = house.hub.clock.now(), house.hub.tagbook.tags
            states = [state_of(None, code.slot, now, ours) for code in listed]
            assert states == [CodeState.CLEARING, CodeState.FOREIGN], "and which of them will go"

            with pytest.raises(Rejected, match=r"codes that nobody knows \(Front\)"):
                await house.hub.store.write(restoring.leave_safe_mode)
            await _answer(house, "leave")
            await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert memory.codes == {9: "271828"}, "ours is known by its tag; somebody else's is left alone"

    file, digits, ended = simulate(life())
    place = place_of(DATABASE.get() or str(tmp_path / "gatehouse.db"))
    restore(file, Vault.load(tmp_path / "key"), place, tmp_path / "state")
    simulate(after(digits, ended + timedelta(minutes=1)))


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_lock_that_hides_its_digits_is_not_left_with_the_code_of_a_guest_whom_the_backup_does_not_know(
    tmp_path: Path, cancelled: bool
) -> None:
    """Only the place tells whose code it is: it was empty when the backup was made, or held that of somebody who cancelled."""
    memory = Memory(Address("front"), masked=True, reads_codes=False)

    async def life() -> tuple[Path, str, datetime]:
        async with home(tmp_path, [memory]) as house:
            if cancelled:
                house.book("gone", date(2027, 3, 1), date(2027, 3, 8), "Grace Hopper")
            await house.until(datetime(2027, 3, 1, 14, tzinfo=UTC))
            file = saved(house, tmp_path)
            house.rebook("gone", status=StayStatus.CANCELLED)
            await house.later(minutes=10)
            house.book("a", date(2027, 3, 1), date(2027, 3, 3))
            await house.later(minutes=30)
            digits = await house.digits()
            assert memory.codes == {1: digits}
            memory.codes[9] = "271828"  # somebody's, of which the hub does not hear
            return file, digits, house.hub.clock.now()

    async def after(digits: str, start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.later(hours=25)
            assert memory.codes == {1: digits, 9: "271828"}, "read, and left as it is"
            await _answer(house, "leave")
            await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert digits not in memory.codes.values()
            assert memory.codes[9] == "271828"

    file, digits, ended = simulate(life())
    place = place_of(DATABASE.get() or str(tmp_path / "gatehouse.db"))
    restore(file, Vault.load(tmp_path / "key"), place, tmp_path / "state")
    simulate(after(digits, ended + timedelta(minutes=1)))


def test_a_restore_makes_the_hub_doubt_its_locks_once_not_at_every_start(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def start(day: int) -> int:
        before = memory.commands
        async with home(tmp_path, [memory], start=datetime(2027, 3, day, tzinfo=UTC), furnish=day == 1) as house:
            await house.later(minutes=5)
            if day == 1:
                await house.hub.store.write(lambda tx: settings.keep(tx, "safe_mode", "2027-03-01"))
        return memory.commands - before

    assert simulate(start(1)) == 30, "a new lock is read once"
    assert simulate(start(2)) == 30, "after the restore again"
    assert simulate(start(3)) == 0


BY = "account:Robin"


async def _answer(house: Home, word: str) -> None:
    """For all locks that are asked about."""
    hub = house.hub
    await hub.store.write(lambda tx: hub.intake.answer_foreign(tx, word, BY))


async def _asked(house: Home) -> dict[str, str]:
    return {lock: each.sentence for lock, each in (await house.hub.store.read(restoring.asked)).items()}


@pytest.mark.parametrize("masked", [False, True], ids=["tells digits", "hides digits"])
def test_what_becomes_of_codes_that_nobody_knows_is_asked_lock_by_lock_also_of_one_that_was_silent(
    tmp_path: Path, masked: bool
) -> None:
    front = Memory(Address("front"), codes={3: "271828", 9: "314159"}, masked=masked, reads_codes=not masked)
    back = Memory(Address("back"), codes={4: "161803"}, masked=masked, reads_codes=not masked)
    side = Memory(Address("side"), masked=masked, reads_codes=not masked)

    async def life() -> Path:
        async with home(tmp_path, [front, back, side]) as house:
            await house.later(minutes=5)
            return saved(house, tmp_path)

    async def after() -> None:
        back.silent = True
        async with home(tmp_path, [front, back, side], start=START + timedelta(hours=1), furnish=False) as house:
            hub = house.hub
            await house.driver.fall_silent("back")
            await house.later(minutes=5)
            assert list(await _asked(house)) == ["front"], "and nothing of a lock in which everything is known"
            assert "(places 3, 9)" in (await _asked(house))["front"]
            assert await hub.store.read(restoring.out_of_reach) == ["Back"]
            front.codes[12] = "141421"  # keyed in meanwhile: nobody decides of it here
            (question,) = (await hub.store.read(restoring.asked)).values()
            await hub.store.write(lambda tx: hub.intake.answer(tx, question.id, "clear:3,9", BY))
            await house.later(minutes=2)
            assert front.codes.keys() == {3, 9, 12}, "not before safe mode is left"
            await hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert front.codes == {12: "141421"}
            assert await _asked(house) == {}
            back.silent = False
            await house.driver.wake("back")
            await house.later(minutes=10)
            assert list(await _asked(house)) == ["back"]
            await house.later(hours=1)
            assert back.codes == {4: "161803"}, "left alone until somebody says"
            await _answer(house, "clear")
            await house.later(minutes=5)
            assert back.codes == {}
            assert await hub.store.read(restoring.out_of_reach) == []
            trail = [deed.detail for deed in await hub.store.read(lambda tx: log.deeds(tx, "lock:front"))]
            assert {"place 3", "place 9"} <= set(trail)

        async with home(tmp_path, [front, back, side], start=START + timedelta(days=2), furnish=False) as house:
            await house.later(minutes=5)
            assert await _asked(house) == {}, "a later start asks nothing"
            assert front.codes == {12: "141421"}

    file = simulate(life())
    restore(file, Vault.load(tmp_path / "key"), tmp_path / "gatehouse.db", tmp_path / "state")
    simulate(after())


def test_codes_of_one_lock_are_decided_of_one_by_one(tmp_path: Path) -> None:
    front = Memory(Address("front"), codes={3: "271828", 5: "314159", 9: "161803"})

    async def life() -> Path:
        async with home(tmp_path, [front]) as house:
            await house.later(minutes=5)
            return saved(house, tmp_path)

    async def after() -> None:
        async with home(tmp_path, [front], start=START + timedelta(hours=1), furnish=False) as house:
            await house.later(minutes=5)
            hub = house.hub
            assert "(places 3, 5, 9)" in (await _asked(house))["front"]
            await hub.adopting.adopt(Adopted(FRONT, 3, "The cleaner", None), BY)
            await house.later(seconds=5)
            (question,) = (await hub.store.read(restoring.asked)).values()
            assert [value for value, _ in question.options] == ["leave", "clear:5,9", "clear:5", "clear:9"]
            await hub.store.write(lambda tx: hub.intake.answer(tx, question.id, "clear:5", BY))
            await house.later(seconds=5)
            assert "(place 9)" in (await _asked(house))["front"], "of the rest it is asked once more"
            await _answer(house, "leave")
            await house.later(seconds=5)
            await hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert front.codes == {3: "271828", 9: "161803"}

    file = simulate(life())
    restore(file, Vault.load(tmp_path / "key"), tmp_path / "gatehouse.db", tmp_path / "state")
    simulate(after())


def _reissue(tx: Tx, hub: Hub, id_: StayId) -> None:
    hub.intake.redraw(tx, id_, BY)


def _cancel(tx: Tx, hub: Hub, id_: StayId) -> None:
    hub.intake.cancel_stay(tx, id_, BY)


def _say_left(tx: Tx, hub: Hub, id_: StayId) -> None:
    workflow.say(tx, hub.intake, id_, Stage.CHECKED_OUT, "", BY)


def _shorten(tx: Tx, hub: Hub, id_: StayId) -> None:
    hub.intake.extend_stay(tx, id_, BY, departure=date(2027, 3, 2))


@pytest.mark.parametrize("ended", [_reissue, _cancel, _say_left, _shorten])
def test_a_code_that_a_person_took_away_after_the_backup_is_not_given_back_and_a_person_is_asked(
    tmp_path: Path, ended: Callable[[Tx, Hub, StayId], None]
) -> None:
    memory = Memory(Address("front"))

    async def life() -> tuple[Path, str, StayId, datetime]:
        async with home(tmp_path, [memory]) as house:
            hub = house.hub
            new = NewStay(FLAT, date(2027, 3, 1), date(2027, 3, 8), "Ada Lovelace")
            id_ = await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, BY))
            await house.until(datetime(2027, 3, 1, 15, tzinfo=UTC))
            digits = await house.digits()
            file = saved(house, tmp_path)
            await hub.store.write(lambda tx: ended(tx, hub, id_))
            await house.later(hours=21 if ended is _shorten else 0.2)
            assert digits not in memory.codes.values()
            return file, digits, id_, hub.clock.now()

    async def after(digits: str, id_: StayId, start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.later(minutes=5)
            await house.hub.store.write(restoring.leave_safe_mode)
            await house.hub.store.write(
                lambda tx: house.hub.intake.replan_unit(tx, FLAT)
            )  # e.g. its house rules change
            await house.later(minutes=5)
            assert memory.codes == {}, "neither the old one nor a new one for somebody who may have cancelled"
            asked = await house.hub.store.read(questions.open_questions)
            (question,) = [each for each in asked if each.kind == "restored"]
            assert question.subject == id_
            await house.hub.store.write(lambda tx: house.hub.intake.answer(tx, question.id, "redraw", BY))
            await house.later(minutes=5)
            assert list(memory.codes.values()) == [await house.digits()] != [digits]

    file, digits, id_, left = simulate(life())
    place = place_of(DATABASE.get() or str(tmp_path / "gatehouse.db"))
    restore(file, Vault.load(tmp_path / "key"), place, tmp_path / "state")
    simulate(after(digits, id_, left + timedelta(minutes=1)))


def _end_pass(tx: Tx, hub: Hub, id_: PassId) -> None:
    people.end(tx, hub.desk, id_, BY)


def _reissue_pass(tx: Tx, hub: Hub, id_: PassId) -> None:
    people.redraw(tx, hub.desk, id_, BY)


def _dismiss(tx: Tx, hub: Hub, id_: PassId) -> None:
    row = passes.pass_with(tx, id_)
    assert row is not None
    people.leave(tx, hub.desk, row.person, BY)


@pytest.mark.parametrize("ended", [_end_pass, _reissue_pass, _dismiss])
def test_a_pass_that_was_ended_or_reissued_or_whose_holder_left_after_the_backup_does_not_open_again(
    tmp_path: Path, ended: Callable[[Tx, Hub, PassId], None]
) -> None:
    memory = Memory(Address("front"))

    async def life() -> tuple[Path, datetime]:
        async with home(tmp_path, [memory]) as house:
            hub = house.hub
            who = people.Who("Maria", PersonKind.CLEANER, phone="+49 170 1234567")
            person = await hub.store.write(lambda tx: people.add(tx, hub.desk, who, BY))
            wish = people.Wish((FRONT,))
            id_ = await hub.store.write(lambda tx: people.give(tx, hub.desk, person, wish, BY))
            await house.later(minutes=5)
            file = saved(house, tmp_path)
            await hub.store.write(lambda tx: ended(tx, hub, id_))
            await house.later(minutes=5)
            return file, hub.clock.now()

    async def after(start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.later(minutes=5)
            await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert memory.codes == {}

    file, left = simulate(life())
    restore(file, Vault.load(tmp_path / "key"), tmp_path / "gatehouse.db", tmp_path / "state")
    simulate(after(left + timedelta(minutes=1)))


def test_what_was_taken_away_and_given_back_before_the_restore_is_kept(tmp_path: Path) -> None:
    """Also where only a commit that failed says so in the book: the next start looks at the store."""
    memory = Memory(Address("front"))

    async def life() -> tuple[Path, StayId, datetime]:
        async with home(tmp_path, [memory]) as house:
            hub = house.hub
            new = NewStay(FLAT, date(2027, 3, 1), date(2027, 3, 8), "Ada Lovelace")
            id_ = await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, BY))
            await house.until(datetime(2027, 3, 1, 15, tzinfo=UTC))
            file = saved(house, tmp_path)
            await hub.store.write(lambda tx: hub.intake.extend_stay(tx, id_, BY, departure=date(2027, 3, 3)))
            await hub.store.write(lambda tx: hub.intake.extend_stay(tx, id_, BY, departure=date(2027, 3, 9)))
            (held,) = await hub.store.read(lambda tx: codes.issued_for(tx, id_))
            hub.tagbook.end({held.grant.id: hub.clock.now()})
            return file, id_, hub.clock.now()

    async def again(id_: StayId, start: datetime, *, leave: bool) -> datetime:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.later(minutes=5)
            if leave:
                await house.hub.store.write(restoring.leave_safe_mode)
                await house.later(minutes=5)
            assert list(memory.codes.values()) == [await house.digits()]
            assert [each.kind for each in await house.hub.store.read(questions.open_questions)] == []
            return house.hub.clock.now()

    file, id_, left = simulate(life())
    left = simulate(again(id_, left, leave=False))
    restore(file, Vault.load(tmp_path / "key"), tmp_path / "gatehouse.db", tmp_path / "state")
    simulate(again(id_, left, leave=True))
