from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from hub import throttle
from hub.errors import Rejected, Unavailable
from hub.store.engine import Store
from hub.store.tables import metadata
from hub.throttle import Verdict, buckets, patience

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OUTSIDE = "192.168.1.20"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    with Store.open(str(tmp_path / "house.db"), inline=True, synchronous="OFF") as opened:
        await opened.write(lambda tx: metadata.create_all(tx.sql))
        yield opened


async def guess(store: Store, name: str, address: str, at: datetime) -> Verdict:
    return await store.write(partial(throttle.charge, where=buckets(name, address), now=at))


async def guesses(store: Store, count: int, address: str = OUTSIDE) -> datetime:
    """That many wrong ones for anna, each as early as it is looked at; returns the time of the last."""
    now = NOW
    for _ in range(count):
        verdict = await guess(store, "anna", address, now)
        now += verdict.wait
        if verdict.wait:
            await guess(store, "anna", address, now)
    return now


def test_the_wait_begins_after_five_and_doubles_up_to_a_quarter_of_an_hour() -> None:
    seconds = [patience(failures) // timedelta(seconds=1) for failures in range(17)]
    assert seconds == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert patience(10_000) == timedelta(minutes=15)


async def test_an_attempt_that_has_to_wait_is_not_counted(store: Store) -> None:
    now = await guesses(store, 6)
    assert [(await guess(store, "anna", OUTSIDE, now)).wait for _ in range(3)] == [timedelta(seconds=2)] * 3


async def test_the_wait_ends(store: Store) -> None:
    now = await guesses(store, 7)
    assert not (await guess(store, "anna", OUTSIDE, now + timedelta(seconds=4))).wait


async def test_after_a_hundred_the_name_is_closed_however_long_one_waits(store: Store) -> None:
    now = await guesses(store, 100)
    assert (await guess(store, "anna", "192.168.1.99", now + timedelta(days=400))).closed


async def test_who_closes_a_name_from_outside_does_not_close_it_on_the_hub_itself(store: Store) -> None:
    now = await guesses(store, 100)
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert await guess(store, "anna", address, now) == Verdict(timedelta(0))


async def test_one_address_waits_whichever_names_it_tries_and_is_let_in_again_after_a_day(store: Store) -> None:
    for number in range(100):
        verdict = await guess(store, f"name {number}", OUTSIDE, NOW + number * timedelta(hours=1))
        assert not verdict.wait
    last = NOW + timedelta(hours=99)
    assert (await guess(store, "new", OUTSIDE, last)).wait == timedelta(minutes=15)
    assert (await guess(store, "new", "192.168.1.21", last)).wait == timedelta(0)
    assert (await guess(store, "new", OUTSIDE, last + timedelta(hours=25))).wait == timedelta(0)


async def test_the_whole_network_of_an_ipv6_host_counts_as_one_address(store: Store) -> None:
    for host in range(6):
        await guess(store, f"name {host}", f"2001:db8::{host}", NOW)
    assert (await guess(store, "other", "2001:db8::ffff", NOW)).wait
    assert not (await guess(store, "other", "2001:db8:0:1::1", NOW)).wait


async def test_a_clock_that_was_put_back_does_not_prolong_the_wait(store: Store) -> None:
    await guesses(store, 7)
    past = NOW - timedelta(days=365)
    assert (await guess(store, "anna", OUTSIDE, past)).wait == timedelta(seconds=4)
    assert not (await guess(store, "anna", OUTSIDE, past + timedelta(seconds=4))).wait


async def test_what_was_typed_as_a_name_is_not_in_the_database(store: Store) -> None:
    await guess(store, "correct horse", OUTSIDE, NOW)
    assert any(b"name:away:" in file.read_bytes() for file in store.file.parent.iterdir())
    assert not any(b"correct horse" in file.read_bytes() for file in store.file.parent.iterdir())


def test_a_verdict_says_in_words_how_long_to_wait() -> None:
    for wait, words in ((1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (61, "2 minutes"), (900, "15 minutes")):
        with pytest.raises(Unavailable, match=rf"in {words}$") as refusal:
            Verdict(timedelta(seconds=wait)).insist()
        assert refusal.value.wait == timedelta(seconds=wait)
    with pytest.raises(Rejected, match="closed after too many wrong passwords"):
        Verdict(timedelta(0), closed=True).insist()
