from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.model.people import Scope, allows
from hub.store import log
from hub.store.engine import Store
from hub.store.tables import metadata
from hub.tokens import Tokens, subject

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
READ = frozenset({Scope.READ})


class Clock:
    trusted = True

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tokens(tmp_path: Path, clock: Clock) -> AsyncIterator[Tokens]:
    with Store.open(str(tmp_path / "house.db"), inline=True, synchronous="OFF") as opened:
        await opened.write(lambda tx: metadata.create_all(tx.sql))
        yield Tokens(opened, clock)


async def test_a_token_is_known_by_its_text_and_says_what_it_may_do(tokens: Tokens) -> None:
    made = await tokens.make("account:Anna", " Laundry app ", frozenset({Scope.READ, Scope.UNLOCK}))
    held = await tokens.holder(made.text.reveal())
    assert held is not None
    assert (held.id, held.name, held.scopes) == (made.token.id, "Laundry app", frozenset({Scope.READ, Scope.UNLOCK}))
    assert held.expires_at == NOW + timedelta(days=90)


async def test_only_the_whole_text_is_the_token(tokens: Tokens) -> None:
    made = await tokens.make("account:Anna", "Laundry", READ)
    other = await tokens.make("account:Anna", "Other", READ)
    text = made.text.reveal()
    swapped = f"gh_{made.token.id}_{other.text.reveal().split('_')[2]}"
    for wrong in (
        "",
        "gh__",
        text[:-1],
        text + "a",
        text.upper(),
        f" {text}",
        swapped,
        f"gh_{made.token.id}_{made.token.digest[:52]}",
    ):
        assert await tokens.holder(wrong) is None


async def test_the_secret_is_not_in_the_database(tokens: Tokens) -> None:
    made = await tokens.make("account:Anna", "Laundry", READ)
    kept = b"".join(file.read_bytes() for file in tokens.store.file.parent.iterdir())
    assert made.token.id.encode() in kept
    assert made.text.reveal().split("_")[2].encode() not in kept


async def test_a_token_ends_by_itself(tokens: Tokens, clock: Clock) -> None:
    made = await tokens.make("account:Anna", "Laundry", READ, days=1)
    clock.at = NOW + timedelta(days=1) - timedelta(seconds=1)
    assert await tokens.holder(made.text.reveal()) is not None
    clock.at = NOW + timedelta(days=1)
    assert await tokens.holder(made.text.reveal()) is None


async def test_a_revoked_token_is_over_at_once(tokens: Tokens) -> None:
    made = await tokens.make("account:Anna", "Laundry", READ)
    assert await tokens.revoke("account:Anna", made.token.id)
    assert await tokens.holder(made.text.reveal()) is None
    assert not await tokens.revoke("account:Anna", made.token.id)
    assert not await tokens.revoke("account:Anna", "nobodyss")


@pytest.mark.parametrize(
    ("name", "scopes", "days", "why"),
    [("", READ, 90, "1 to 60"), ("x" * 61, READ, 90, "1 to 60"), ("Laundry", frozenset(), 90, "at least one scope: read"),
     ("Laundry", READ, 0, "1 to 365"), ("Laundry", READ, 366, "1 to 365")],
)  # fmt: skip
async def test_a_token_without_name_scope_or_end_is_not_made(
    tokens: Tokens, name: str, scopes: frozenset[Scope], days: int, why: str
) -> None:
    with pytest.raises(Rejected, match=why):
        await tokens.make("account:Anna", name, scopes, days)
    assert await tokens.all() == []


async def test_the_last_use_is_kept_to_the_minute(tokens: Tokens, clock: Clock) -> None:
    text = (await tokens.make("account:Anna", "Laundry", READ)).text.reveal()
    uses = []
    for _ in range(4):
        clock.at += timedelta(seconds=30)
        await tokens.holder(text)
        uses.append((await tokens.all())[0].used_at)
    assert uses == [NOW + timedelta(seconds=after) for after in (30, 30, 90, 90)]


async def test_making_and_revoking_is_in_the_audit_trail(tokens: Tokens) -> None:
    made = await tokens.make("account:Anna", "Laundry", frozenset({Scope.UNLOCK, Scope.READ}), days=7)
    await tokens.revoke("console", made.token.id)
    deeds = await tokens.store.read(lambda tx: log.deeds(tx, subject(made.token)))
    assert [(deed.actor, deed.action, deed.detail) for deed in deeds] == [
        ("console", "revoke token", "Laundry"),
        ("account:Anna", "make token", "Laundry: read unlock, 7 days"),
    ]


def test_admin_includes_every_scope_and_nothing_else_includes_another() -> None:
    for scope in Scope:
        assert allows(frozenset({Scope.ADMIN}), scope)
        assert [other for other in Scope if allows(frozenset({scope}), other)] == (
            list(Scope) if scope is Scope.ADMIN else [scope]
        )
