"""How well locks do, where a manager looks."""

from __future__ import annotations

from datetime import timedelta

from hub.model.values import LockId
from hub.store import doors, figures
from hub.store.engine import Tx
from tests.web.conftest import Visitor
from tests.web.village import NOW

FRONT = LockId("front")


def _lived(tx: Tx) -> None:
    doors.learn(tx, FRONT, met_at=NOW - timedelta(days=10))
    for _ in range(199):
        figures.answered(tx, FRONT, NOW)
    figures.unanswered(tx, FRONT, NOW)
    figures.was_away(tx, FRONT, NOW - timedelta(days=2), NOW - timedelta(days=1))


async def test_a_lock_shows_its_figures_beside_their_goals(manager: Visitor) -> None:
    await manager.here.hub.store.write(_lived)
    text = (await manager.get("/locks/front")).text
    assert "Commands answered 99.5 % Goal met Goal: more than 99 %. In the last 30 days: 1 of 200 not answered." in text
    assert "Connected 90.0 % Below the goal Goal: more than 98 %. In the last 30 days: silent for 24 h." in text


async def test_what_was_never_measured_is_no_success(manager: Visitor) -> None:
    text = (await manager.get("/locks/front")).text
    assert "Codes in time nothing to measure yet Goal: more than 99.5 %." in text


async def test_health_shows_the_whole_house_and_names_the_locks_below_a_goal(manager: Visitor) -> None:
    await manager.here.hub.store.write(_lived)
    text = (await manager.get("/health")).text
    assert "How well the locks do" in text
    assert "Locks below a goal Front door Connected 90.0 %" in text
