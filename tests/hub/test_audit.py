"""Whoever changes what was written down is found out: link by link, and by heads that are kept outside the database."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub import audit, running
from hub.audit import Verdict
from hub.config import Config
from hub.hub import Hub
from hub.io.sandbox import InlineSandbox
from hub.model.chain import Head
from hub.running import World
from hub.store import backup, chain, log
from hub.store.engine import Tx
from tests.simulators.home import START, home, simulate

pytestmark = pytest.mark.usefixtures("in_a_file")

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


async def deeds(hub: Hub, count: int) -> None:
    for number in range(count):
        detail = f"deed {number}"
        await hub.store.write(
            partial(log.record, at=NOON, actor="console", action="unlock", subject="x", detail=detail)
        )


async def verify(hub: Hub) -> Verdict:
    return await audit.verify(hub.store, hub.state_dir, hub.clock.now())


def house(folder: Path, *scenes: Callable[[Hub], Any]) -> None:
    """Each scene has the same house, started anew."""
    for scene in scenes:

        async def act(scene: Callable[[Hub], Any] = scene) -> None:
            async with home(folder, furnish=not (folder / "gatehouse.db").exists()) as each:
                await scene(each.hub)

        simulate(act())


def behind(folder: Path, *statements: str) -> None:
    """Somebody writes into the file while the hub is stopped."""
    raw = sqlite3.connect(folder / "gatehouse.db", isolation_level=None)
    for name in ("chain_is_not_changed", "chain_is_not_cut", "audit_is_not_cut", "audit_is_not_changed"):
        raw.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        raw.execute(statement)
    raw.close()


async def whole(hub: Hub) -> None:
    seen = await verify(hub)
    assert (seen.wrong, seen.links > 0) == ("", True)


def test_a_chain_that_nobody_touched_is_whole_after_a_restart(tmp_path: Path) -> None:
    house(tmp_path, lambda hub: deeds(hub, 700), whole)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE chain SET outcome = 'refused' WHERE number = 3", "link 3 is not what it was"),
        ("UPDATE audit SET detail = 'nothing' WHERE id = 2", "line 2 of the audit trail is not what link"),
        ("UPDATE audit SET salt = NULL WHERE id = 2", "line 2 of the audit trail is not what link"),
        ("INSERT INTO audit (at, actor, action, subject) VALUES (0, 'console', 'nothing', 'house')", "has no link"),
    ],
)
def test_what_was_changed_behind_the_hub_s_back_is_named(tmp_path: Path, statement: str, words: str) -> None:
    async def found(hub: Hub) -> None:
        assert words in (await verify(hub)).wrong

    house(tmp_path, lambda hub: deeds(hub, 5))
    behind(tmp_path, statement)
    house(tmp_path, found)


def test_a_chain_that_was_cut_at_its_end_is_noticed_at_the_next_start_and_ever_after(tmp_path: Path) -> None:
    async def found(hub: Hub) -> None:
        seen = await verify(hub)
        assert "was not there" in seen.wrong
        assert [link.what for link in await hub.store.read(lambda tx: chain.of_the_house(tx, "broken"))] == ["broken"]

    house(tmp_path, lambda hub: deeds(hub, 5))
    behind(tmp_path, "DELETE FROM chain WHERE number > 2", "DELETE FROM audit WHERE id > 2")
    house(tmp_path, found, found)


def test_a_command_on_a_stopped_hub_finds_that_the_chain_was_cut(tmp_path: Path) -> None:
    house(tmp_path, lambda hub: deeds(hub, 5))
    behind(tmp_path, "DELETE FROM chain WHERE number > 2", "DELETE FROM audit WHERE id > 2")

    async def look() -> Verdict:
        names = {
            "database": str(tmp_path / "gatehouse.db"),
            "state_dir": tmp_path / "state",
            "key_file": tmp_path / "key",
        }
        world = World(sandbox=InlineSandbox(), inline=True)
        async with running.made(Config.model_validate(names), world, running=False) as hub:
            return await verify(hub)

    for _ in range(2):
        assert "according to the file beside it, is not there" in simulate(look()).wrong


def test_a_backup_tells_what_the_head_was(tmp_path: Path) -> None:
    async def back_up(hub: Hub) -> None:
        await deeds(hub, 5)
        backup.back_up(hub.store.file, hub.state_dir, hub.state_dir / "backups", hub.vault, recovery=None, now=START)

    async def found(hub: Hub) -> None:
        assert "according to the backup gatehouse-" in (await verify(hub)).wrong

    house(tmp_path, back_up, whole)
    behind(tmp_path, "DELETE FROM chain WHERE number > 2", "DELETE FROM audit WHERE id > 2")
    (tmp_path / "state" / audit.NAME).unlink()
    house(tmp_path, found)


def test_after_a_restore_the_chain_goes_on_and_says_so(tmp_path: Path) -> None:
    lost = list[Head]()

    async def back_up(hub: Hub) -> None:
        await deeds(hub, 3)
        backup.back_up(hub.store.file, hub.state_dir, tmp_path / "copies", hub.vault, recovery=None, now=START)
        await deeds(hub, 4)
        lost.append(await hub.store.read(chain.head))

    async def found(hub: Hub) -> None:
        await whole(hub)
        (link,) = await hub.store.read(lambda tx: chain.of_the_house(tx, "restored"))
        assert link.outcome == f"{lost[0].number} {lost[0].seal}", "what is gone is named"
        assert link.evidence == START.isoformat()

    house(tmp_path, back_up)
    (copy,) = backup.backups(tmp_path / "copies").values()
    from hub.io.vault import Vault

    backup.restore(copy, Vault.load(tmp_path / "key"), tmp_path / "gatehouse.db", tmp_path / "state")
    house(tmp_path, found, whole)


def test_what_was_found_is_told(tmp_path: Path) -> None:
    from hub.health import findings

    async def found(hub: Hub) -> None:
        await audit.look(hub.store, hub.state_dir, hub.clock)

        def said(tx: Tx) -> list[str]:
            return [each.sentence for each in findings(tx, hub) if each.about == "audit"]

        assert "link 3 is not what it was when it was written" in (await hub.store.read(said))[0]

    house(tmp_path, lambda hub: deeds(hub, 5))
    behind(tmp_path, "UPDATE chain SET outcome = 'refused' WHERE number = 3")
    house(tmp_path, found)
