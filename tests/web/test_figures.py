"""How well locks do, where a manager looks."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from hub.model.values import LockId
from hub.store import doors, figures
from hub.store.engine import Tx
from hub.store.tables import grants
from tests.web.conftest import Visitor
from tests.web.village import NOW

FRONT = LockId("front")


def _lived(tx: Tx) -> None:
    doors.learn(tx, FRONT, met_at=NOW - timedelta(days=10))
    for _ in range(199):
        figures.answered(tx, FRONT, NOW, timedelta(milliseconds=700))
    figures.unanswered(tx, FRONT, NOW)
    figures.was_away(tx, FRONT, NOW - timedelta(days=2), NOW - timedelta(days=1))


async def test_a_lock_shows_its_figures_beside_their_goals(manager: Visitor) -> None:
    await manager.here.hub.store.write(_lived)
    text = (await manager.get("/locks/front")).text
    assert "Commands answered 99.5 % Goal met Goal: more than 99 %. In the last 30 days: 1 of 200 not answered." in text
    assert "Connected 90.0 % Below the goal Goal: more than 98 %. In the last 30 days: silent for 24 h." in text
    assert (
        "Half of the commands to keypads are confirmed within 0.75 s, 95 of 100 within 0.75 s (of 199 in 30 days)."
        in text
    )


async def test_what_was_never_measured_is_no_success(manager: Visitor) -> None:
    text = (await manager.get("/locks/front")).text
    assert "Codes in time nothing to measure yet Goal: more than 99.5 %." in text
    assert "Half of the commands" not in text


async def test_health_says_how_many_guests_had_a_code_and_how_long_one_takes(manager: Visitor) -> None:
    late = NOW - timedelta(hours=2)

    def lived(tx: Tx) -> None:
        _lived(tx)
        told = {"start": late - timedelta(hours=1), "made_at": late, "proven_at": late + timedelta(seconds=40)}
        tx.sql.execute(update(grants).where(grants.c.lock_id == FRONT).values(**told))

    await manager.here.hub.store.write(lived)
    text = (await manager.get("/health")).text
    assert "Guests with a code" in text
    assert "Goal: every one." in text
    assert "How bookings go" in text
    assert "Stays that were sold twice 0 Goal met Goal: none in 30 days." in text
    assert "Times that a person had to see to a calendar or a channel 0 Goal met Goal: 5 at most in 30 days." in text
    assert "A code that is wanted at once is proven after 40 seconds or sooner in half of the cases" in text


async def test_health_shows_the_whole_house_and_names_the_locks_below_a_goal(manager: Visitor) -> None:
    await manager.here.hub.store.write(_lived)
    text = (await manager.get("/health")).text
    assert "How well the locks do" in text
    assert "Half of the commands to keypads are confirmed within 0.75 s" in text
    assert "Locks below a goal Front door Connected 90.0 %" in text
