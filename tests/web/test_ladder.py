"""The deadline ladder on the pages: where a stay stands, in words, and what a person can do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hub import backup_codes, issuing
from hub.issuing import Whose
from hub.model.codes import Reading, Slot
from hub.model.values import LockId, Proof, Purpose, StayId, Window
from hub.store import codes, house, stays
from hub.store import ladder as pools
from hub.store.engine import Tx
from hub.store.stay_search import Wanted
from tests.web.conftest import Visitor


async def _stay(visitor: Visitor, guest: str) -> stays.StayRow:
    found = await visitor.here.hub.store.read(lambda tx: stays.search(tx, Wanted(text=guest)))
    return found[0]


async def _with_backups(visitor: Visitor, stay: StayId) -> None:
    """A proven backup code in every lock that this stay passes."""
    hub = visitor.here.hub

    def put(tx: Tx) -> None:
        for place in house.properties(tx):
            house.keep_property(tx, replace(place, backups=1))
        for entry in codes.issued_for(tx, stay):
            pin = issuing.drawn_for(tx, hub.desk, [entry.lock])[entry.lock]
            window = Window(hub.clock.now() - timedelta(days=1))
            issuing.put_down(tx, hub.desk, entry.lock, pin, window, Whose(Purpose.BACKUP, label=backup_codes.LABEL))
            for each in pools.pool(tx, [entry.lock]).get(entry.lock, ()):
                slot = Slot(
                    29, each.id, Reading.OCCUPIED, each.grant.tag, proof=Proof.READ_BACK, proven_at=hub.clock.now()
                )
                codes.keep_slot(tx, entry.lock, slot, hub.clock.now())

    await hub.store.write(put)


async def test_the_page_of_a_stay_says_where_it_stands_and_shows_the_steps(manager: Visitor) -> None:
    row = await _stay(manager, "Anna Berg")
    page = await manager.get(f"/stays/{row.id}")
    assert "Before they come" in page.text
    assert "Else a backup code" in page.text
    assert "Else somebody is called" in page.text
    assert "Use the backup code" not in page.text, "none is ready"


async def test_a_backup_code_is_given_by_hand_and_its_digits_are_the_ones_to_tell(manager: Visitor) -> None:
    row = await _stay(manager, "Anna Berg")
    await _with_backups(manager, row.id)
    assert "Use the backup code" in (await manager.get(f"/stays/{row.id}")).text
    await manager.post(f"/stays/{row.id}/backup")
    pulled = await manager.here.hub.store.read(lambda tx: pools.pulled(tx, row.id))
    assert pulled
    shown = await manager.post(f"/stays/{row.id}/code")
    vault = manager.here.hub.vault
    for entry in pulled:
        assert entry.sealed_pin is not None
        assert vault.open_pin(entry.sealed_pin, about=f"grant:{entry.grant.id}").reveal() in shown.text
        assert entry.pulled_by.startswith("account:")


async def test_a_code_that_does_not_work_is_written_down_and_asked_for(manager: Visitor) -> None:
    row = await _stay(manager, "Priya Natarajan")
    await manager.post(f"/stays/{row.id}/doubt")
    assert "said that the code does not work" in (await manager.get(f"/stays/{row.id}")).text


async def test_a_lock_says_how_many_backup_codes_it_keeps_and_never_which(manager: Visitor) -> None:
    row = await _stay(manager, "Anna Berg")
    await _with_backups(manager, row.id)
    lock = (await manager.here.hub.store.read(lambda tx: codes.issued_for(tx, row.id)))[0].lock
    page = await manager.get(f"/locks/{lock}")
    assert "1 of 1 proven" in page.text
    pool = (await manager.here.hub.store.read(lambda tx: pools.pool(tx, [lock])))[LockId(lock)]
    for each in pool:
        entry = await manager.here.hub.store.read(lambda tx, id_=each.id: codes.issued(tx, id_))  # type: ignore[misc]
        assert entry is not None
        assert entry.sealed_pin is not None
        pin = manager.here.hub.vault.open_pin(entry.sealed_pin, about=f"grant:{entry.grant.id}")
        assert pin.reveal() not in page.html


async def test_today_says_on_each_card_where_the_stay_stands(manager: Visitor) -> None:
    page = await manager.get("/")
    assert 'class="ladder small"' in page.html
