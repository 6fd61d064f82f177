import asyncio
import errno
import random
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.errors import Unavailable
from hub.store.engine import Single, Store, Tx
from tests.hub.store.conftest import Kept
from tests.hub.store.tiny import Refused, add, make_tables, metadata, words
from tests.simulators.vloop import run


async def test_a_write_is_seen_by_the_next_read(store: Store) -> None:
    await store.write(make_tables)
    assert await store.write(add("one")) == 1
    assert await store.read(words) == ["one"]


async def test_every_acknowledged_write_of_a_crowd_is_a_row(store: Store, kept: Kept) -> None:
    await store.write(make_tables)
    numbers = await asyncio.gather(*(store.write(add(f"w{n}")) for n in range(700)))
    assert sorted(numbers) == list(range(1, 701))
    with kept.beside() as other:
        assert other.execute("SELECT count(*) FROM rows").fetchone() == (700,)


async def test_a_crowd_shares_its_commits(kept: Kept) -> None:
    threads: set[int] = set()
    commits = 0

    def count(names: Collection[str]) -> None:
        nonlocal commits
        commits += 1
        threads.add(threading.get_ident())

    with Store.open(kept.url, on_commit=count) as store:
        await store.write(make_tables)
        await asyncio.gather(*(store.write(add(f"w{n}")) for n in range(500)))
    assert commits < 100
    assert threads != {threading.get_ident()}


async def test_one_that_fails_is_taken_back_alone(store: Store) -> None:
    await store.write(make_tables)

    def half_done(tx: Tx) -> None:
        add("half")(tx)
        raise LookupError("no such lock")

    async def attempt(work: Callable[[Tx], Any]) -> object:
        try:
            return await store.write(work)
        except (LookupError, Refused) as error:
            return type(error)

    works = [add("one"), half_done, add("two"), add("one"), add("three")]
    outcomes = await asyncio.gather(*(attempt(work) for work in works))
    assert [type(each) if isinstance(each, int) else each for each in outcomes] == [int, LookupError, int, Refused, int]
    assert await store.read(words) == ["one", "two", "three"]


async def test_a_single_statement_that_fails_leaves_the_others_of_its_commit_alone(store: Store) -> None:
    await store.write(make_tables)

    async def attempt(word: str) -> object:
        try:
            return type(await store.write(Single(add(word))))
        except Refused as error:
            return type(error)

    outcomes = await asyncio.gather(*(attempt(word) for word in ("one", "two", "one", "three", "two")))
    assert outcomes == [int, int, Refused, int, Refused]
    assert await store.read(words) == ["one", "two", "three"]


async def test_one_that_fails_alone_leaves_nothing(store: Store) -> None:
    await store.write(make_tables)
    with pytest.raises(ZeroDivisionError):
        await store.write(lambda tx: (add("one")(tx), 1 // 0))
    assert await store.read(words) == []


async def test_only_what_was_committed_is_signalled(kept: Kept) -> None:
    heard: list[str] = []
    with Store.open(kept.url, on_commit=heard.extend) as store:
        await store.write(make_tables)
        works = [store.write(add(word)) for word in ("one", "one", "two")]
        await asyncio.gather(*works, return_exceptions=True)
        with pytest.raises(Refused):
            await store.write(add("two"))
    assert sorted(heard) == ["row:one", "row:two"]


async def test_the_signal_follows_the_commit(kept: Kept) -> None:
    def look(names: Collection[str]) -> None:
        with kept.beside() as other:
            seen.extend(other.execute("SELECT word FROM rows").fetchall())

    seen: list[tuple[str]] = []
    with Store.open(kept.url, on_commit=look) as store:
        await store.write(make_tables)
        await store.write(add("one"))
    assert seen == [("one",)]


async def test_a_mistake_after_the_commit_reaches_those_who_wait(kept: Kept) -> None:
    def stumble(names: Collection[str]) -> None:
        if "row:one" in names:
            raise ZeroDivisionError

    with Store.open(kept.url, on_commit=stumble) as store:
        await store.write(make_tables)
        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(5):
                await store.write(add("one"))
        assert await store.write(add("two")) == 2


async def test_a_read_sees_one_state_however_long_it_looks(store: Store, kept: Kept) -> None:
    await store.write(make_tables)
    await store.write(add("one"))

    def look_twice(tx: Tx) -> tuple[list[str], list[str]]:
        before = words(tx)
        with kept.beside() as other:
            other.execute("INSERT INTO rows (word) VALUES ('meanwhile')")
        return before, words(tx)

    assert await store.read(look_twice) == (["one"], ["one"])
    assert await store.read(words) == ["one", "meanwhile"]


async def test_a_read_cannot_write(store: Store) -> None:
    await store.write(make_tables)
    with pytest.raises(Exception, match=r"readonly|cannot be written|can only be read"):
        await store.read(add("one"))
    assert await store.read(words) == []


async def test_a_failed_read_leaves_the_next_one_alone(store: Store) -> None:
    await store.write(make_tables)
    with pytest.raises(ZeroDivisionError):
        await store.read(lambda tx: 1 // 0)
    await store.write(add("one"))
    assert await store.read(words) == ["one"]


async def test_references_are_kept(store: Store) -> None:
    def refer_to_nothing(tx: Tx) -> None:
        strict = "STRICT" if tx.sql.dialect.name == "sqlite" else ""
        tx.sql.exec_driver_sql(f"CREATE TABLE child (parent INTEGER REFERENCES rows (id)) {strict}")
        tx.sql.exec_driver_sql("INSERT INTO child VALUES (7)")

    await store.write(make_tables)
    with pytest.raises(Refused, match=r"(?i)foreign key"):
        await store.write(refer_to_nothing)


async def test_an_error_does_not_repeat_the_values(store: Store) -> None:
    await store.write(make_tables)
    await store.write(add("Ada Lovelace"))
    with pytest.raises(Refused) as refused:
        await store.write(add("Ada Lovelace"))
    assert "Lovelace" not in str(refused.value)


def fill(kept: Kept, pages: int) -> Callable[[Tx], None]:
    """Write until the disk is full. A server has one of its own, so there it only says so."""

    def work(tx: Tx) -> None:
        if kept.is_a_file:
            tx.sql.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for n in range(1_000):
            add(f"{n}" * 100)(tx)
        tx.sql.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'No space left' USING ERRCODE = 'disk_full'; END $$")

    return work


async def test_a_full_disk_takes_the_write_back_and_says_so(store: Store, kept: Kept) -> None:
    await store.write(make_tables)
    await store.write(add("before"))
    with pytest.raises(Unavailable, match=r"disk .* is full|no room left on its disk"):
        await store.write(fill(kept, 8))
    assert await store.read(words) == ["before"]
    if kept.is_a_file:
        await store.write(lambda tx: tx.sql.exec_driver_sql("PRAGMA max_page_count=100000").close())
    await store.write(add("after"))
    assert await store.read(words) == ["before", "after"]


@pytest.mark.parametrize("inline", [False, True])
async def test_a_full_disk_gives_up_the_ballast(file: Path, tmp_path: Path, inline: bool) -> None:
    ballast = tmp_path / "hub.db.ballast"
    with Store.open(str(file), inline=inline) as store:
        await store.write(make_tables)
        await store.heartbeat()
        assert ballast.stat().st_size == 16 * 1024 * 1024
        with pytest.raises(Unavailable):
            await store.write(fill(Kept(str(file)), 4))
        assert not ballast.exists()
        await store.heartbeat()
        assert ballast.exists()


async def test_a_house_held_by_another_program_is_unavailable(store: Store, kept: Kept) -> None:
    def impatient(tx: Tx) -> None:
        tx.sql.exec_driver_sql("PRAGMA busy_timeout=0" if kept.is_a_file else "SET lock_timeout = '10ms'").close()

    await store.write(make_tables)
    await store.write(impatient)
    with kept.beside() as other:
        other.execute("BEGIN IMMEDIATE" if kept.is_a_file else "BEGIN")
        if not kept.is_a_file:
            other.execute("LOCK TABLE rows")
        with pytest.raises(Unavailable, match="another program"):
            await store.write(add("one"))
        other.execute("ROLLBACK")
    await store.write(add("one"))
    assert await store.read(words) == ["one"]


async def test_giving_up_a_write_disturbs_nobody(store: Store) -> None:
    await store.write(make_tables)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.write(add(f"w{n}"))) for n in range(100)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
    kept = {f"w{n}" for n in range(1, 100, 2)}
    assert kept <= set(await store.read(words))


async def test_what_was_submitted_before_closing_is_committed(kept: Kept) -> None:
    store = Store.open(kept.url)
    await store.write(make_tables)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.write(add(f"w{n}"))) for n in range(50)]
        await asyncio.sleep(0)
        store.close()
    assert [task.result() for task in tasks] == list(range(1, 51))
    with pytest.raises(RuntimeError, match="closed"):
        await store.write(add("late"))


async def test_a_loop_that_ended_does_not_stop_the_writer(kept: Kept) -> None:
    gate = threading.Event()

    async def leave_early(store: Store) -> None:
        store.write(lambda tx: (gate.wait(), add("orphan")(tx))).send(None)

    with Store.open(kept.url) as store:
        await store.write(make_tables)
        await asyncio.to_thread(lambda: asyncio.run(leave_early(store)))
        gate.set()
        await store.write(add("next"))
        assert await store.read(words) == ["orphan", "next"]


@pytest.mark.parametrize("seed", range(3))
async def test_inline_and_crew_end_in_the_same_state(kept: Kept, seed: int) -> None:
    async def story(store: Store) -> list[object]:
        rng = random.Random(seed)
        await store.write(make_tables)
        told: list[object] = []
        for _ in range(60):
            try:
                await store.write(add(f"w{rng.randrange(30)}"))
                told.append("done")
            except Refused:
                told.append("refused")
        return [*told, *await store.read(words)]

    ends = []
    for inline in (True, False):
        with Store.open(kept.url, inline=inline) as store:
            ends.append(await story(store))
            await store.write(lambda tx: metadata.drop_all(tx.sql))
    assert ends[0] == ends[1]
    assert "refused" in ends[0]


def trace(file: Path, seed: int) -> list[str]:
    async def story(store: Store) -> list[str]:
        async def tell(who: str) -> None:
            for turn in range(10):
                await store.write(add(f"{who}{turn}"))

        await store.write(make_tables)
        async with asyncio.TaskGroup() as group:
            for who in "abcd":
                group.create_task(tell(who))
        return await store.read(words)

    with Store.open(str(file), inline=True, synchronous="OFF") as store:
        return run(story(store), seed=seed)


def test_inline_one_seed_is_one_history(tmp_path: Path) -> None:
    first, again, other = (trace(tmp_path / f"{n}.db", seed) for n, seed in enumerate((1, 1, 2)))
    assert first == again
    assert first != other
    assert sorted(first) == sorted(other)


def drawn(file: Path, seed: int, at: datetime) -> str:
    async def story() -> str:
        with Store.open(str(file), inline=True, synchronous="OFF", draw=random.Random(seed).randbytes) as store:
            return await store.write(lambda tx: tx.new_id(at))

    return run(story())


def test_an_id_sorts_by_its_time_and_is_otherwise_chance(tmp_path: Path) -> None:
    now = datetime(2027, 3, 28, 1, tzinfo=UTC)
    first, again, other, later, unset = (
        drawn(tmp_path / f"{n}.db", seed, at)
        for n, (seed, at) in enumerate(
            ((1, now), (1, now), (2, now), (3, now + timedelta(milliseconds=1)), (1, datetime(1969, 1, 1, tzinfo=UTC)))
        )
    )
    assert first == again
    assert first[:10] == other[:10] < later[:10]
    assert first != other
    assert unset[:10] == "0" * 10


async def test_a_stamp_is_part_of_every_write_that_stands(store: Store) -> None:
    await store.write(make_tables)
    moments = iter(range(100))

    def stamp(tx: Tx) -> None:
        add(f"stamp {next(moments)}")(tx)

    store.stamp_with(stamp)
    assert await store.write(add("one")) == 1
    with pytest.raises(Refused):
        await store.write(add("one"))
    assert await store.read(words) == ["one", "stamp 0"]


class Book:
    """Of what ended; it finds no room for a while."""

    def __init__(self, refusals: int) -> None:
        self.told: list[Mapping[str, object]] = []
        self._refusals = refusals

    def end(self, ends: Mapping[str, object]) -> None:
        self._refusals -= 1
        if self._refusals >= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.told.append(dict(ends))


async def test_what_ended_is_written_down_before_the_commit_in_the_room_that_is_kept_back(store: Store) -> None:
    def end(tx: Tx) -> None:
        add("a")(tx)
        tx.ends["grant"] = None

    await store.write(make_tables)
    full, cramped = Book(2), Book(1)
    store.outlast_with(full.end)
    with pytest.raises(Unavailable, match="cannot be written down"):
        await store.write(end)
    assert await store.read(words) == [], "not committed, since nothing would know of it after a restore"
    store.outlast_with(cramped.end)
    await store.write(end)
    assert (await store.read(words), cramped.told) == (["a"], [{"grant": None}])
