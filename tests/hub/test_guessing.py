"""Somebody tries to sign in, and fails again and again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from hub import guessing, health, throttle
from hub.errors import Disappointment
from hub.model.alerts import Finding, Kind
from hub.model.people import Role
from hub.signin import Visitor
from hub.store import alerts, log, people
from hub.store.alerts import Alert
from hub.store.engine import Tx
from hub.store.people import Account
from tests.simulators.home import Home, home, simulate

ROBIN = "Robin"
AWAY, ELSEWHERE, ONSITE = "192.0.2.7", "198.51.100.9", "127.0.0.1"


def _lived(tmp_path: Path, work: Callable[[Home], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            robin = Account("1", ROBIN, Role.OWNER, house.hub.clock.now(), None)
            await house.hub.store.write(lambda tx: people.add_account(tx, robin))
            await work(house)

    simulate(main())


async def _wrong(house: Home, name: str, address: str, times: int) -> None:
    """As `SignIn` counts and notes them, without the hashing; each as soon as the hub looks at it."""
    where, subject = throttle.buckets(name, address), f"account:{ROBIN if name == ROBIN else '?'}"

    def charge(tx: Tx) -> timedelta:
        now = house.hub.wall.now()
        verdict = throttle.charge(tx, where, now)
        if not verdict.wait:
            log.record(tx, now, f"address:{address}", "sign in", subject, outcome="refused", detail="wrong password")
        return verdict.wait

    for _ in range(times):
        while wait := await house.hub.store.write(charge):
            await house.later(seconds=wait.total_seconds())


async def _found(house: Home) -> list[Finding]:
    every = await house.hub.store.read(lambda tx: health.findings(tx, house.hub))
    return [each for each in every if each.kind is Kind.SIGN_IN_LOCKED]


async def _raised(house: Home) -> list[Alert]:
    every = await house.hub.store.read(alerts.raised)
    return [each for each in every if each.kind is Kind.SIGN_IN_LOCKED]


def test_whose_password_is_guessed_from_where_and_how_often_is_an_alert(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        for _ in range(throttle.ALARMING):
            try:
                await house.hub.signin.sign_in(ROBIN, "not this one", Visitor(AWAY))
            except Disappointment:
                await house.later(minutes=1)
        await house.later(seconds=10)
        (alert,) = await _raised(house)
        assert alert.about == "account:Robin:away"
        assert (
            alert.sentence
            == f"10 wrong passwords in a row were given for Robin, from {AWAY}; each further one costs a wait."
        )

    _lived(tmp_path, work)


def test_what_is_guessed_on_the_hub_itself_is_not_said_to_come_from_elsewhere(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await _wrong(house, ROBIN, AWAY, 1)
        await _wrong(house, ROBIN, ONSITE, throttle.ALARMING)
        (finding,) = await _found(house)
        assert finding.about == "account:Robin:here"
        assert f"from {ONSITE};" in finding.sentence

    _lived(tmp_path, work)


def test_who_mistypes_a_few_times_alarms_nobody(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await _wrong(house, ROBIN, AWAY, throttle.ALARMING - 1)
        assert await _found(house) == []

    _lived(tmp_path, work)


def test_who_guesses_as_fast_as_the_hub_allows_is_one_alert_and_over_when_it_is_quiet(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await _wrong(house, ROBIN, AWAY, 30)
        (alert,) = await _raised(house)
        await house.later(minutes=55)
        assert [each.id for each in await _raised(house)] == [alert.id]
        await house.later(hours=2)
        assert (await _found(house), await _raised(house)) == ([], [])
        over = await house.hub.store.read(alerts.over)
        assert [each.id for each in over if each.kind is Kind.SIGN_IN_LOCKED] == [alert.id]

    _lived(tmp_path, work)


def test_names_that_nobody_has_are_told_by_where_they_come_from_and_never_said(tmp_path: Path) -> None:
    """People type their password there."""

    async def work(house: Home) -> None:
        for number in range(throttle.ALARMING + 2):
            await _wrong(house, f"my secret {number}", ELSEWHERE, 1)
        (finding,) = await _found(house)
        assert finding.about == "signin"
        assert ELSEWHERE in finding.sentence
        assert "secret" not in finding.sentence

    _lived(tmp_path, work)


def test_many_addresses_are_one_alert(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        now = house.hub.wall.now()
        for number in range(50):
            key = throttle.of_address(f"203.0.113.{number}")
            await house.hub.store.write(lambda tx, key=key: people.keep_attempts(tx, key, people.Attempts(20, now)))  # type: ignore[misc]
        (finding,) = await _found(house)
        assert "and 47 more" in finding.sentence

    _lived(tmp_path, work)


def test_a_name_that_is_closed_is_said_until_somebody_opens_it(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        key = throttle.both_doors(ROBIN)[1]
        shut = people.Attempts(throttle.CLOSED, house.hub.wall.now())
        await house.hub.store.write(lambda tx: people.keep_attempts(tx, key, shut))
        await house.later(days=3)
        (finding,) = await _found(house)
        assert "Sign-in with that name is closed from elsewhere than the hub itself." in finding.sentence
        await house.hub.store.write(lambda tx: throttle.reopen(tx, ROBIN))
        assert await _found(house) == []

    _lived(tmp_path, work)


def test_quiet_is_longer_than_the_longest_wait() -> None:
    assert guessing.QUIET >= 2 * throttle.LONGEST > timedelta(0)
