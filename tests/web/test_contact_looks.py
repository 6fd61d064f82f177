"""Who looks at how a guest is reached is written down, once for each person, stay and hour."""

from __future__ import annotations

from datetime import timedelta

from hub import contacts, guests
from hub.contact_looks import LOOKED
from hub.model.values import StayId
from hub.store import log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.log import Deed
from hub.store.stay_search import Wanted
from tests.web.conftest import Visitor

ADDRESS = "anna@example.org"


async def _reachable(visitor: Visitor, contact: dict[str, str]) -> StayId:
    hub = visitor.here.hub

    def work(tx: Tx) -> StayId:
        row = next(each for each in ledger.search(tx, Wanted()) if each.guest == "Anna Berg")
        ledger.keep(tx, contacts.kept(hub.vault, row, contact))
        return row.id

    return await hub.store.write(work)


async def _looks(visitor: Visitor, stay: StayId) -> list[Deed]:
    deeds = await visitor.here.hub.store.read(lambda tx: log.deeds(tx, f"stay:{stay}"))
    return [deed for deed in deeds if deed.action == LOOKED]


async def test_a_look_is_noted_once_an_hour_however_often_the_page_is_asked_for(manager: Visitor) -> None:
    stay = await _reachable(manager, {"email": ADDRESS})
    for path in (f"/stays/{stay}", f"/stays/{stay}", f"/stays/{stay}?part=live"):
        await manager.get(path)
    assert ADDRESS in (await manager.get(f"/stays/{stay}")).text
    (look,) = await _looks(manager, stay)
    assert (look.actor, look.outcome, look.detail) == ("account:Robin", "done", "")
    manager.here.clock.at += timedelta(hours=1, minutes=1)
    await manager.get(f"/stays/{stay}")
    assert len(await _looks(manager, stay)) == 2


async def test_where_nothing_is_shown_nothing_is_noted(manager: Visitor) -> None:
    stay = await _reachable(manager, {})
    await manager.get(f"/stays/{stay}")
    assert await _looks(manager, stay) == []


async def test_looks_are_no_part_of_the_stays_story_and_stand_in_the_guests_export(manager: Visitor) -> None:
    stay, hub = await _reachable(manager, {"phone": "+49 170 1234567"}), manager.here.hub
    await manager.get(f"/stays/{stay}")
    assert "look at" not in (await manager.get(f"/stays/{stay}")).text.lower()
    told = await hub.store.write(lambda tx: guests.export(tx, hub.desk, stay, "account:Robin"))
    assert [each["action"] for each in told["audit_trail"]].count(LOOKED) == 1
    assert [link["what"] for link in told["audit_chain"]].count(LOOKED) == 1
    assert "Robin" not in str(told["audit_chain"])
