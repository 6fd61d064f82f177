from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.errors import Rejected, Unavailable
from hub.model.values import Secret
from hub.signin import ABSOLUTE, CODE_LASTS, IDLE, MOST_SESSIONS, Opened, SignIn, Visitor, csrf_fits
from hub.store import tables
from hub.store.engine import Store, Tx
from hub.store.tables import metadata

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "seven purple kettles"
OTHER = "nine yellow ladders"
DESK = Visitor("192.168.1.20", "Firefox")
ONSITE = Visitor("127.0.0.1", "Chromium")


class Clock:
    trusted = True

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def turn(self, by: timedelta) -> None:
        self.at += by

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    with Store.open(str(tmp_path / "house.db"), inline=True, synchronous="OFF") as opened:
        await opened.write(lambda tx: metadata.create_all(tx.sql))
        yield opened


@pytest.fixture
def door(store: Store, clock: Clock) -> SignIn:
    return SignIn(store, clock, inline=True)


@pytest.fixture
async def anna(door: SignIn) -> Opened:
    return await door.set_up(await door.new_setup_code(), "Anna", PASSWORD, DESK)


async def trail(store: Store) -> list[tuple[str, str, str, str]]:
    columns = (tables.audit.c.actor, tables.audit.c.action, tables.audit.c.subject, tables.audit.c.outcome)
    return [(a, b, c, d) for a, b, c, d in await store.read(lambda tx: tx.sql.execute(select(*columns)).all())]


# ---- the first account ----------------------------------------------------------------------------------------------


async def test_a_new_hub_has_no_account_and_two_hubs_share_no_code(door: SignIn) -> None:
    assert await door.needs_account()
    first, second = await door.new_setup_code(), await door.new_setup_code()
    assert first != second
    assert [len(group) for group in first.split("-")] == [4, 4, 4, 4]


async def test_the_set_up_code_makes_the_first_account_and_signs_it_in(door: SignIn) -> None:
    opened = await door.set_up(await door.new_setup_code(), "  Anna ", PASSWORD, DESK)
    assert opened.guard.account.name == "Anna"
    assert not await door.needs_account()
    guard = await door.whose(opened.token)
    assert guard is not None
    assert guard.actor == "account:Anna"


async def test_the_code_may_be_typed_small_without_dashes_and_with_lookalike_digits(door: SignIn) -> None:
    code = await door.new_setup_code()
    typed = code.lower().replace("-", " ").replace("o", "0").replace("i", "1").replace("b", "8")
    await door.set_up(typed, "Anna", PASSWORD, DESK)


async def test_the_code_works_once(door: SignIn) -> None:
    code = await door.new_setup_code()
    await door.set_up(code, "Anna", PASSWORD, DESK)
    with pytest.raises(Rejected, match="set-up code is wrong"):
        await door.set_up(code, "Anna", OTHER, DESK)


async def test_of_two_who_use_the_code_at_once_one_gets_in(door: SignIn) -> None:
    code = await door.new_setup_code()
    both = await asyncio.gather(*(door.set_up(code, "Anna", PASSWORD, DESK) for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["Opened", "Rejected"]


async def test_the_code_is_void_after_half_an_hour_and_when_a_new_one_is_shown(door: SignIn, clock: Clock) -> None:
    old = await door.new_setup_code()
    new = await door.new_setup_code()
    with pytest.raises(Rejected, match="set-up code"):
        await door.set_up(old, "Anna", PASSWORD, DESK)
    clock.turn(CODE_LASTS + timedelta(seconds=1))
    with pytest.raises(Rejected, match="older than half an hour"):
        await door.set_up(new, "Anna", PASSWORD, DESK)


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [("", PASSWORD, "1 to 60"), ("x" * 61, PASSWORD, "1 to 60"), ("\u0007", PASSWORD, "1 to 60"),
     ("Anna", "short", "at least 8"), ("Anna", "password", "among the first"), ("Anna", "w0rt" * 51, "at most 200")],
)  # fmt: skip
async def test_a_bad_name_or_password_is_explained_and_the_code_stays_good(
    door: SignIn, name: str, password: str, why: str
) -> None:
    code = await door.new_setup_code()
    with pytest.raises(Rejected, match=why):
        await door.set_up(code, name, password, DESK)
    await door.set_up(code, "Anna", PASSWORD, DESK)


async def test_wrong_codes_are_throttled(door: SignIn) -> None:
    await door.new_setup_code()
    for _ in range(5):
        with pytest.raises(Rejected):
            await door.set_up("AAAA-AAAA-AAAA-AAAA", "Anna", PASSWORD, DESK)
    with pytest.raises(Unavailable, match="too many wrong attempts"):
        await door.set_up("AAAA-AAAA-AAAA-AAAA", "Anna", PASSWORD, DESK)


async def test_there_is_no_second_account_by_code_but_a_new_password_for_the_first(door: SignIn, anna: Opened) -> None:
    code = await door.new_setup_code()
    with pytest.raises(Rejected, match="there is an account already"):
        await door.set_up(code, "Mallory", OTHER, DESK)
    await door.set_up(code, "anna", OTHER, DESK)
    assert await door.whose(anna.token) is None
    with pytest.raises(Rejected):
        await door.sign_in("Anna", PASSWORD, DESK)
    await door.sign_in("Anna", OTHER, DESK)


# ---- passwords ------------------------------------------------------------------------------------------------------


async def test_signing_in_opens_a_new_session_each_time(door: SignIn, anna: Opened) -> None:
    again = await door.sign_in("ANNA", PASSWORD, DESK)
    assert again.token != anna.token
    assert len(await door.sessions(again.guard)) == 2


async def test_a_wrong_password_and_an_unknown_name_sound_the_same(door: SignIn, anna: Opened) -> None:
    sentences = set()
    for name, password in (("Anna", OTHER), ("Nobody", PASSWORD), ("", ""), ("Anna", "x" * 5000), ("Anna", "\ud800")):
        with pytest.raises(Rejected) as refusal:
            await door.sign_in(name, password, DESK)
        sentences.add(str(refusal.value))
    assert sentences == {"the name or the password is wrong"}


async def test_ten_thousand_guesses_get_nowhere_and_at_most_a_hundred_are_looked_at(store: Store, clock: Clock) -> None:
    door = SignIn(store, clock, inline=True)
    await door.set_up(await door.new_setup_code(), "Anna", PASSWORD, DESK)
    looked_at = closed = 0
    for number in range(10_000):
        clock.turn(timedelta(seconds=10))
        visitor = Visitor(f"10.0.{number // 250}.{number % 250 + 1}")
        try:
            await door.sign_in("Anna", f"guess {number}", visitor)
        except Unavailable:
            continue
        except Rejected as refusal:
            looked_at += "is wrong" in str(refusal)
            closed += "closed" in str(refusal)
            if closed == 50:
                break
    assert (looked_at, closed) == (100, 50)
    with pytest.raises(Rejected, match="closed"):
        await door.sign_in("Anna", PASSWORD, DESK)
    await door.sign_in("Anna", PASSWORD, ONSITE)
    await door.sign_in("Anna", PASSWORD, DESK)


async def test_guesses_at_the_same_moment_gain_nothing(door: SignIn, anna: Opened) -> None:
    tries = (door.sign_in("Anna", f"guess {number}", DESK) for number in range(20))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(answer) for answer in answers].count(Rejected) == 5


async def test_a_restart_does_not_forgive_wrong_attempts(
    store: Store, clock: Clock, door: SignIn, anna: Opened
) -> None:
    for _ in range(5):
        with pytest.raises(Rejected):
            await door.sign_in("Anna", OTHER, DESK)
    with pytest.raises(Unavailable) as wait:
        await SignIn(store, clock, inline=True).sign_in("Anna", PASSWORD, DESK)
    clock.turn(wait.value.wait)
    await SignIn(store, clock, inline=True).sign_in("Anna", PASSWORD, DESK)


async def test_signing_in_starts_the_count_anew(door: SignIn, anna: Opened) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(Rejected):
                await door.sign_in("Anna", OTHER, DESK)
        await door.sign_in("Anna", PASSWORD, DESK)


async def test_a_session_that_was_left_open_is_not_enough_where_the_password_is_asked_again(
    door: SignIn, store: Store, anna: Opened
) -> None:
    await door.insist(anna.guard, PASSWORD, DESK)
    with pytest.raises(Rejected, match="the password is wrong"):
        await door.insist(anna.guard, OTHER, DESK)
    assert (await trail(store))[-1] == ("address:192.168.1.20", "sign in", "account:Anna", "refused")


async def test_guesses_at_the_password_that_is_asked_again_are_throttled_too(door: SignIn, anna: Opened) -> None:
    for _ in range(5):
        with pytest.raises(Rejected):
            await door.insist(anna.guard, OTHER, DESK)
    with pytest.raises(Unavailable):
        await door.insist(anna.guard, PASSWORD, DESK)


async def test_a_changed_password_ends_every_session_but_the_new_one(door: SignIn, anna: Opened) -> None:
    with pytest.raises(Rejected, match="current password is wrong"):
        await door.change_password(anna.guard, OTHER, OTHER, DESK)
    with pytest.raises(Rejected, match="among the first"):
        await door.change_password(anna.guard, PASSWORD, "anna1234", DESK)
    assert await door.whose(anna.token) is not None
    changed = await door.change_password(anna.guard, PASSWORD, OTHER, DESK)
    assert await door.whose(anna.token) is None
    assert await door.whose(changed.token) is not None
    await door.sign_in("Anna", OTHER, DESK)


async def test_who_knew_the_password_until_a_moment_ago_does_not_get_in(
    store: Store, clock: Clock, anna: Opened
) -> None:
    def draw(count: int) -> bytes:
        """The token is drawn when the password was found right and nothing is committed yet."""
        with sqlite3.connect(store.file) as meanwhile:
            meanwhile.execute("UPDATE accounts SET password = 'another'")
        meanwhile.close()
        return secrets.token_bytes(count)

    with pytest.raises(Rejected, match="is wrong"):
        await SignIn(store, clock, inline=True, draw=draw).sign_in("Anna", PASSWORD, DESK)


# ---- sessions -------------------------------------------------------------------------------------------------------


async def test_a_session_ends_after_twelve_hours_unused(door: SignIn, clock: Clock, anna: Opened) -> None:
    for _ in range(3):
        clock.turn(IDLE - timedelta(minutes=1))
        assert await door.whose(anna.token) is not None
    clock.turn(IDLE)
    assert await door.whose(anna.token) is None


async def test_a_session_ends_after_thirty_days_however_busy(door: SignIn, clock: Clock, anna: Opened) -> None:
    while clock.now() + timedelta(hours=10) < NOW + ABSOLUTE:
        clock.turn(timedelta(hours=10))
        assert await door.whose(anna.token) is not None
    clock.turn(timedelta(hours=10))
    assert await door.whose(anna.token) is None


async def test_being_seen_is_written_at_most_once_a_minute(door: SignIn, clock: Clock, anna: Opened) -> None:
    seen = []
    for _ in range(4):
        clock.turn(timedelta(seconds=30))
        await door.whose(anna.token)
        seen.append((await door.sessions(anna.guard))[0].seen_at - NOW)
    assert [each // timedelta(seconds=1) for each in seen] == [0, 60, 60, 120]


async def test_who_signs_out_is_out(door: SignIn, anna: Opened) -> None:
    await door.sign_out(anna.guard)
    assert await door.whose(anna.token) is None


async def test_own_sessions_can_be_seen_and_ended_one_by_one(door: SignIn, anna: Opened) -> None:
    phone = await door.sign_in("Anna", PASSWORD, Visitor("192.168.1.30", "Telephone"))
    tablet = await door.sign_in("Anna", PASSWORD, Visitor("192.168.1.31", "Tablet"))
    assert {each.agent for each in await door.sessions(anna.guard)} == {"Firefox", "Telephone", "Tablet"}
    assert await door.end_session(anna.guard, phone.guard.session.digest)
    assert not await door.end_session(anna.guard, phone.guard.session.digest)
    assert await door.whose(phone.token) is None
    assert await door.whose(tablet.token) is not None
    assert await door.whose(anna.token) is not None


async def test_an_account_keeps_its_twenty_latest_sessions(door: SignIn, clock: Clock, anna: Opened) -> None:
    for _ in range(MOST_SESSIONS):
        clock.turn(timedelta(seconds=1))
        latest = await door.sign_in("Anna", PASSWORD, DESK)
    assert len(await door.sessions(latest.guard)) == MOST_SESSIONS
    assert await door.whose(anna.token) is None


async def test_no_token_is_in_the_database_nor_any_password(
    door: SignIn, store: Store, anna: Opened, clock: Clock
) -> None:
    code = await door.new_setup_code()
    link = await door.new_link_token("Anna")
    kept = b"".join(file.read_bytes() for file in store.file.parent.iterdir())
    assert b"account:Anna" in kept
    for secret in (anna.token.reveal(), anna.guard.csrf, PASSWORD, code, code.replace("-", ""), link.reveal()):
        assert secret.encode() not in kept


async def test_an_invented_token_opens_nothing(door: SignIn, anna: Opened) -> None:
    for token in ("", "x", anna.guard.session.digest, anna.token.reveal() + "=", "\ud800"):
        assert await door.whose(Secret(token)) is None


async def test_each_session_has_its_own_csrf_token(door: SignIn, anna: Opened) -> None:
    other = await door.sign_in("Anna", PASSWORD, DESK)
    guard = await door.whose(anna.token)
    assert guard is not None
    assert csrf_fits(guard, anna.guard.csrf)
    for wrong in ("", other.guard.csrf, anna.token.reveal(), "ü"):
        assert not csrf_fits(guard, wrong)


# ---- the link of a demonstration ------------------------------------------------------------------------------------


async def test_a_link_signs_in_once_and_makes_the_account_it_needs(door: SignIn) -> None:
    token = await door.new_link_token("Demo")
    opened = await door.enter_by_link(token.reveal(), ONSITE)
    assert opened.guard.account.name == "Demo"
    with pytest.raises(Rejected, match="used before or is too old"):
        await door.enter_by_link(token.reveal(), ONSITE)


async def test_a_link_is_void_after_its_time_and_a_wrong_one_spends_nothing(door: SignIn, clock: Clock) -> None:
    token = await door.new_link_token("Demo", lasts=timedelta(minutes=2))
    with pytest.raises(Rejected):
        await door.enter_by_link("wrong", ONSITE)
    clock.turn(timedelta(minutes=2, seconds=1))
    with pytest.raises(Rejected):
        await door.enter_by_link(token.reveal(), ONSITE)


async def test_the_account_of_a_link_cannot_be_entered_with_any_password(door: SignIn) -> None:
    await door.new_link_token("Demo")
    for password in ("", "!", "nobody's"):
        with pytest.raises(Rejected, match="is wrong"):
            await door.sign_in("Demo", password, ONSITE)


async def test_a_link_makes_no_account_beside_others(door: SignIn, anna: Opened) -> None:
    with pytest.raises(Rejected, match="there is an account already"):
        await door.new_link_token("Demo")
    assert (
        await door.enter_by_link((await door.new_link_token("Anna")).reveal(), ONSITE)
    ).guard.account == anna.guard.account


# ---- the trail ------------------------------------------------------------------------------------------------------


async def test_every_step_at_the_door_is_in_the_audit_trail(door: SignIn, store: Store, anna: Opened) -> None:
    with pytest.raises(Rejected):
        await door.sign_in("Anna", OTHER, DESK)
    with pytest.raises(Rejected):
        await door.sign_in("a password typed as a name", OTHER, DESK)
    again = await door.sign_in("Anna", PASSWORD, DESK)
    await door.sign_out(again.guard)
    assert await trail(store) == [
        ("console", "show set-up code", "accounts", "done"),
        ("console", "add account", "account:Anna", "done"),
        ("console", "set password with set-up code", "account:Anna", "done"),
        ("address:192.168.1.20", "sign in", "account:Anna", "refused"),
        ("address:192.168.1.20", "sign in", "account:?", "refused"),
        ("account:Anna", "sign in", "account:Anna", "done"),
        ("account:Anna", "sign out", "account:Anna", "done"),
    ]


async def test_a_sign_in_that_fails_on_the_disk_opens_nothing(door: SignIn, store: Store, anna: Opened) -> None:
    def spoil(tx: Tx) -> None:
        tx.sql.exec_driver_sql(
            "CREATE TRIGGER spoilt BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'spoilt'); END"
        )

    await store.write(spoil)
    with pytest.raises(Exception, match="spoilt"):
        await door.sign_in("Anna", PASSWORD, DESK)
    assert len(await door.sessions(anna.guard)) == 1


async def test_the_trail_tells_a_wrong_set_up_code_from_a_wrong_password(door: SignIn, store: Store) -> None:
    await door.new_setup_code()
    with pytest.raises(Rejected):
        await door.set_up("AAAA-AAAA-AAAA-AAAA", "Anna", PASSWORD, DESK)
    query = select(tables.audit.c.detail).where(tables.audit.c.outcome == "refused")
    assert await store.read(lambda tx: tx.sql.execute(query).scalars().all()) == ["wrong set-up code"]
