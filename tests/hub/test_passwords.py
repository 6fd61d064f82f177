from __future__ import annotations

import asyncio
import threading

import pytest

from hub.errors import Unavailable
from hub.passwords import Hashing, weakness

GOOD = "seven purple kettles"


@pytest.mark.parametrize(
    "password",
    [
        "password", "PassWord", "p@ssw0rd", "password1!", "Summer2024!", "12345678", "87654321", "qwertyuiop", "asdfghjkl",
        "aaaaaaaa", "abababab", "iloveyou", "football123", "1q2w3e4r5t", "passwordpassword", "gatehouse1", "Gatehouse2026!",
        "annabella", "Annabella99", "ferienwohnung", "motdepasse1", "11223344", "!!monkey!!", "abcdefgh",
    ],
)  # fmt: skip
def test_what_anybody_would_try_first_is_refused(password: str) -> None:
    assert "among the first" in (weakness(password, name="Annabella") or "")


@pytest.mark.parametrize(
    "password", [GOOD, "zrtqmnlw", "        a bc", "пароль-и-замок", "83920174", "x" * 4 + "yzw" + "Ü" * 193]
)
def test_there_are_no_rules_of_composition(password: str) -> None:
    assert weakness(password, name="Annabella") is None


def test_too_short_and_too_long_are_said_with_the_limit() -> None:
    assert "at least 8" in (weakness("zrtqmnl", name="Anna") or "")
    assert "at most 200" in (weakness("zrtqmnlw" * 26, name="Anna") or "")


@pytest.mark.parametrize("inline", [True, False])
async def test_only_the_password_itself_fits_its_hash(inline: bool) -> None:
    hashing = Hashing(inline=inline)
    try:
        hashed = await hashing.make(GOOD)
        assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await hashing.fits(GOOD, hashed)
        assert not await hashing.fits(GOOD + " ", hashed)
        assert not await hashing.fits(GOOD, None)
        assert not await hashing.fits("nobody's", None)
    finally:
        hashing.close()


async def test_nothing_behind_the_two_hundredth_character_is_ignored() -> None:
    hashing = Hashing(inline=True)
    hashed = await hashing.make("ab" * 100)
    assert await hashing.fits("ab" * 100, hashed)
    assert not await hashing.fits("ab" * 100 + "c", hashed)


async def test_half_a_surrogate_pair_is_a_wrong_password_not_a_crash() -> None:
    hashing = Hashing(inline=True)
    assert not await hashing.fits("\ud800 broken", await hashing.make(GOOD))


async def test_two_hash_at_once_twenty_wait_and_the_next_is_sent_away() -> None:
    hashing = Hashing()
    loop, gate, both_in, inside = asyncio.get_running_loop(), threading.Event(), asyncio.Event(), []

    def work() -> None:
        inside.append(threading.current_thread().name)
        if len(inside) == 2:
            loop.call_soon_threadsafe(both_in.set)
        assert gate.wait(10)

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(hashing._run(work))
        await both_in.wait()
        with pytest.raises(Unavailable, match="too many people"):
            await hashing.make(GOOD)
        busy = len(inside)
        gate.set()
    hashing.close()
    assert (busy, len(inside)) == (2, 20)
