"""Who is told of what is done in an emergency."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hub import people
from hub.emergency_wishes import Act
from hub.emergency_wishes import Wish as Deed
from hub.model.alerts import Kind
from hub.model.people import PersonKind, ToldBy
from hub.model.values import Address, LockId
from hub.people import Who, Wish
from hub.store import emergencies
from hub.store.engine import Tx
from tests.hub.test_alerts import ANNA, BEN, FRONT, NIGHT, _does, _people, _raised, _with_post
from tests.simulators.building import Memory
from tests.simulators.home import home, simulate


def test_what_is_done_in_an_emergency_is_told_to_the_whole_list_at_once_and_at_night(tmp_path: Path) -> None:
    async def main() -> None:
        night = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
        async with home(tmp_path, start=night) as house:
            post = _with_post(house)
            await _people(house, ANNA, BEN, quiet=NIGHT)
            await _does(house, Deed(Act.CODE, "The fire brigade is here", lock=LockId("front")))
            await house.later(minutes=2)
            texts = dict(zip((to for to, _ in post.sent), post.texts, strict=True))
            assert texts.keys() == {"anna@example.com", "ben@example.com"}
            assert "Somebody else is asked to see to it." in texts["ben@example.com"]
            await house.later(hours=5)
            over = [to for to, subject in post.sent if subject.startswith("Over: ")]
            assert sorted(over) == ["anna@example.com", "ben@example.com"]

    simulate(main())


def test_who_has_a_pass_behind_a_locked_door_is_told_that_their_code_works_and_when_it_is_released(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(FRONT), Memory(Address("back"))]) as house:
            hub, post = house.hub, _with_post(house)
            await _people(house, ANNA)

            def work(tx: Tx) -> None:
                for name, lock in (("Maria", "front"), ("Carla", "back"), ("Nobody's Friend", "front")):
                    mail = f"{name.lower()}@example.com" if name in ("Maria", "Carla") else ""
                    who = Who(name, PersonKind.CLEANER, email=mail, told_by=ToldBy.HAND)
                    id_ = people.add(tx, hub.desk, who, "ada")
                    people.give(tx, hub.desk, id_, Wish((LockId(lock),)), "ada")

            await hub.store.write(work)
            await _does(house, Deed(Act.LOCK_DOWN, "A break-in next door", lock=LockId("front")))
            await house.later(minutes=2)
            texts = dict(zip((to for to, _ in post.sent), post.texts, strict=True))
            assert texts.keys() == {"anna@example.com", "maria@example.com"}
            assert "Your own code is not touched" in texts["maria@example.com"]
            assert "Your own code" not in texts["anna@example.com"]
            (row,) = [each for each in await _raised(house) if each.kind is Kind.LOCKED_DOWN]
            await hub.store.write(lambda tx: hub.alerts.acknowledge(tx, row.id, "Anna"))
            down = (await hub.store.read(lambda tx: emergencies.current(tx, hub.clock.now())))[0]
            await _does(house, Deed(Act.RELEASE, "The police were here", lockdown=down.id))
            await house.later(minutes=20)
            over = [to for to, subject in post.sent if subject.startswith("Over: ")]
            assert sorted(over) == ["anna@example.com", "maria@example.com"]

    simulate(main())
