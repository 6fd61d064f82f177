from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from hub.model.people import Role, Scope
from hub.store import people
from hub.store.engine import Store
from hub.store.people import Account, Attempts, OneTime, Session, Token
from hub.store.tables import metadata
from tests.simulators.home import DATABASE

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANNA = Account("a1", "Anna", Role.OWNER, NOW, "$argon2id$of-anna")
LAUNDRY = Token("t1", "d" * 64, "Laundry", frozenset({Scope.READ, Scope.UNLOCK}), NOW, NOW + timedelta(days=90))


@pytest.fixture
async def store(tmp_path: Path, either_database: str) -> AsyncIterator[Store]:
    with Store.open(DATABASE.get() or str(tmp_path / "house.db"), inline=True, synchronous="OFF") as opened:
        await opened.write(lambda tx: metadata.create_all(tx.sql))
        await opened.write(lambda tx: people.add_account(tx, ANNA))
        yield opened


def session(digest: str, *, seen: datetime = NOW) -> Session:
    return Session(digest, ANNA.id, NOW, seen, "Firefox")


async def test_an_account_is_found_by_its_name_whatever_the_capitals(store: Store) -> None:
    assert await store.read(lambda tx: people.account_named(tx, "anna")) == ANNA
    assert await store.read(lambda tx: people.account_named(tx, "ann")) is None


async def test_an_account_without_a_password_has_none(store: Store) -> None:
    guest = replace(ANNA, id="a2", name="Demo", password=None)
    await store.write(lambda tx: people.add_account(tx, guest))
    assert await store.read(lambda tx: people.account_with(tx, "a2")) == guest


def test_neither_a_hash_nor_a_digest_is_in_the_repr_of_its_owner() -> None:
    assert "argon2" not in repr(ANNA)
    assert "dddd" not in repr(LAUNDRY)


async def test_sessions_are_listed_latest_seen_first_and_can_be_ended_together(store: Store) -> None:
    for minutes, name in enumerate(("one", "two", "three")):
        each = session(name, seen=NOW + timedelta(minutes=minutes))
        await store.write(partial(people.add_session, session=each))
    assert [each.digest for each in await store.read(lambda tx: people.sessions_of(tx, "a1"))] == [
        "three",
        "two",
        "one",
    ]
    assert await store.write(lambda tx: people.end_sessions_of(tx, "a1")) == 3
    assert await store.read(lambda tx: people.sessions_of(tx, "a1")) == []


async def test_nobody_ends_a_session_of_another_account(store: Store) -> None:
    await store.write(lambda tx: people.add_session(tx, session("one")))
    assert not await store.write(lambda tx: people.end_session(tx, "a2", "one"))
    assert await store.write(lambda tx: people.end_session(tx, "a1", "one"))


async def test_sessions_too_old_or_unseen_for_too_long_are_swept(store: Store) -> None:
    fresh = session("fresh", seen=NOW + timedelta(hours=5))
    await store.write(lambda tx: people.add_session(tx, fresh))
    await store.write(lambda tx: people.add_session(tx, session("unseen")))
    swept = await store.write(
        lambda tx: people.end_old_sessions(tx, made_before=NOW - timedelta(days=1), seen_before=NOW)
    )
    assert (swept, await store.read(lambda tx: people.session_with(tx, "fresh"))) == (1, fresh)


async def test_counts_of_failures_are_replaced_and_fade_unless_they_closed_an_account(store: Store) -> None:
    await store.write(lambda tx: people.keep_attempts(tx, "name:ada", Attempts(1, NOW)))
    await store.write(lambda tx: people.keep_attempts(tx, "name:ada", Attempts(2, NOW)))
    await store.write(lambda tx: people.keep_attempts(tx, "name:bob", Attempts(100, NOW)))
    await store.write(lambda tx: people.keep_attempts(tx, "address:192.0.2.0/24", Attempts(100, NOW)))
    assert await store.read(lambda tx: people.attempts_at(tx, "name:ada")) == Attempts(2, NOW)
    later = NOW + timedelta(days=1)
    await store.write(lambda tx: people.forget_old_attempts(tx, before=later, fewer_than=100))
    assert await store.read(lambda tx: people.attempts_at(tx, "name:ada")) is None
    assert await store.read(lambda tx: people.attempts_at(tx, "name:bob")) == Attempts(100, NOW)
    assert await store.read(lambda tx: people.attempts_at(tx, "address:192.0.2.0/24")) is None


async def test_a_token_comes_back_as_it_was_kept_and_is_revoked_once(store: Store) -> None:
    await store.write(lambda tx: people.add_token(tx, LAUNDRY))
    assert await store.read(lambda tx: people.token_with(tx, "t1")) == LAUNDRY
    assert await store.write(lambda tx: people.revoke_token(tx, "t1", NOW))
    assert not await store.write(lambda tx: people.revoke_token(tx, "t1", NOW))
    assert (await store.read(people.all_tokens))[0].revoked_at == NOW


async def test_a_secret_that_works_once_is_spent_once_and_only_by_who_read_it(store: Store) -> None:
    first = OneTime(NOW, NOW + timedelta(minutes=30), hash="first")
    second = replace(first, hash="second")
    await store.write(lambda tx: people.keep_one_time(tx, "setup", first))
    await store.write(lambda tx: people.keep_one_time(tx, "setup", second))
    assert not await store.write(lambda tx: people.spend_one_time(tx, "setup", first))
    assert await store.write(lambda tx: people.spend_one_time(tx, "setup", second))
    assert not await store.write(lambda tx: people.spend_one_time(tx, "setup", second))


def test_a_secret_is_not_good_when_the_clock_says_that_it_was_not_made_yet() -> None:
    secret = OneTime(NOW, NOW + timedelta(minutes=30))
    assert secret.good(NOW + timedelta(minutes=30))
    assert not secret.good(NOW + timedelta(minutes=31))
    assert not secret.good(NOW - timedelta(minutes=1))
