"""The audit chain in the database: it only grows, and each link stands or falls with what it tells of."""

import asyncio
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from hub.model.chain import DEED, Head, Link, first_wrong
from hub.store import chain, log
from hub.store.engine import Store, Tx
from hub.store.migrate import migrate
from tests.simulators.home import DATABASE

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["crew", "inline"])
def store(file: Path, request: pytest.FixtureRequest, either_database: str):  # type: ignore[no-untyped-def]
    inline, url = request.param == "inline", DATABASE.get() or str(file)
    with Store.open(url, inline=inline, prepare=lambda new: migrate(new, back_up=lambda _: None)) as store:
        yield store


def links(tx: Tx) -> list[Link]:
    return chain.links(tx, limit=100_000)


async def test_links_of_a_crowd_of_transactions_follow_on_each_other(store: Store) -> None:
    def fail(tx: Tx) -> None:
        chain.append(tx, NOON, DEED, "never", "done")
        raise LookupError("no such lock")

    def work(number: int):  # type: ignore[no-untyped-def]
        return fail if number % 3 == 0 else lambda tx: chain.append(tx, NOON, DEED, f"deed {number}", "done")

    await asyncio.gather(*(store.write(work(number)) for number in range(300)), return_exceptions=True)
    found = await store.read(links)
    assert len(found) == 200
    assert {link.what for link in found} == {f"deed {number}" for number in range(300) if number % 3}
    assert first_wrong(found, Head()) == await store.read(chain.head)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chain SET outcome = 'done' WHERE number = 1",
        "DELETE FROM chain WHERE number = 2",
        "INSERT INTO chain SELECT 5, at, kind, what, outcome, lock_id, slot, subject, actor, evidence, previous, seal FROM chain",
        "INSERT OR REPLACE INTO chain SELECT * FROM chain WHERE number = 1",
        "DELETE FROM audit",
        "UPDATE audit SET action = 'nothing'",
        "UPDATE audit SET at = 0",
    ],
)
async def test_the_database_itself_refuses_to_change_what_was_written(store: Store, statement: str) -> None:
    for action in ("unlock", "lock"):
        await store.write(lambda tx, action=action: log.record(tx, NOON, "console", action, "lock:front"))  # type: ignore[misc]
    before = await store.read(links)
    if DATABASE.get() is not None:
        statement = statement.replace("INSERT OR REPLACE", "INSERT")  # there is nothing like it in PostgreSQL
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: tx.sql.exec_driver_sql(statement))
    assert await store.read(links) == before


async def test_what_was_asked_and_what_became_of_it_are_two_links(store: Store) -> None:
    asked = await store.write(lambda tx: log.record(tx, NOON, "account:Robin", "unlock", "lock:front", outcome="asked"))
    await store.write(lambda tx: log.conclude(tx, asked, NOON, "done", "Front is unlocked."))
    found = await store.read(links)
    assert [(link.what, link.outcome, link.lock) for link in found] == [
        ("unlock", "asked", "front"),
        ("unlock", "done", "front"),
    ]
    assert found[0].actor == found[1].actor
    assert "Robin" not in repr(found)


async def test_what_was_never_concluded_is_unknown_and_linked(store: Store) -> None:
    await store.write(lambda tx: log.record(tx, NOON, "console", "unlock", "lock:front", outcome="asked"))
    assert await store.write(lambda tx: log.conclude_orphans(tx, NOON)) == 1
    assert [link.outcome for link in await store.read(links)] == ["asked", "unknown"]


async def test_a_forgotten_alias_leaves_the_chain_whole(store: Store) -> None:
    await store.write(lambda tx: log.record(tx, NOON, "console", "stay added", "stay:01H"))
    before = await store.read(links)
    assert before[0].subject.startswith("guest-")
    assert await store.write(lambda tx: chain.forget_aliases(tx, ["stay:01H"])) == 1
    assert await store.read(links) == before
    assert await store.read(lambda tx: chain.known_alias(tx, "stay:01H")) is None
    again = await store.write(lambda tx: chain.alias(tx, "stay:01H"))
    assert again != before[0].subject, "whoever comes again is somebody else"


def test_a_link_that_was_changed_behind_the_hub_s_back_is_found(file: Path) -> None:
    async def scene() -> None:
        with Store.open(str(file), inline=True, prepare=lambda new: migrate(new, back_up=lambda _: None)) as store:
            for action in ("unlock", "lock", "unlock"):
                await store.write(lambda tx, action=action: log.record(tx, NOON, "console", action, "lock:front"))  # type: ignore[misc]

    asyncio.run(scene())
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("DROP TRIGGER chain_is_not_changed")
    raw.execute("UPDATE chain SET lock_id = 'back' WHERE number = 2")
    raw.close()

    async def look() -> object:
        with Store.open(str(file), inline=True) as store:
            return first_wrong(await store.read(links), Head())

    found = asyncio.run(look())
    assert "link 2 is not what it was" in repr(found)


def test_a_chain_whose_writer_was_killed_goes_on_whole(file: Path) -> None:
    """Killed three times at whatever moment; what was acknowledged is there, and the next links follow on."""
    acknowledged = 0
    for seen in (40, 90, 150):
        command = [sys.executable, "-m", "tests.hub.store.killed_chain", str(file)]
        with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            lines = [next(writer.stdout) for _ in range(seen)]
            writer.kill()
            lines += [line for line in writer.stdout if line.endswith("\n")]
        acknowledged = max(acknowledged, *map(int, lines))

        async def look() -> tuple[object, Head]:
            with Store.open(str(file), inline=True) as store:
                return first_wrong(await store.read(links), Head()), await store.read(chain.head)

        found, head = asyncio.run(look())
        assert found == head
        assert head.number >= acknowledged
