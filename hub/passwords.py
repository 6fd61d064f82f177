"""Passwords: which are too weak to keep a door with, and hashing them off the loop."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from hub.errors import Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST = 8
RECOMMENDED = 15
LONGEST = 200

_OWN_WORDS = frozenset({"gatehouse", "smartlock", "doorlock", "frontdoor", "keypad", "owner", "manager", "holidayhome"})
"""Words that anybody who stands in front of this product would try."""

_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
)
_LEET = str.maketrans("013457@$!", "oieastasi")
_DECORATION = string.digits + string.punctuation
_MOST_DECORATION = 6


@cache
def _common() -> frozenset[str]:
    """Words and passwords that lead every list of leaked ones; a base for endings such as `1!` or `2024`."""
    text = (Path(__file__).parent / "common_passwords.txt").read_text("ascii")
    return frozenset(line for line in text.split() if line)


def weakness(password: str, *, name: str) -> str | None:
    """Why a password cannot be taken, with the cure; None when it can. There are no rules of composition."""
    if len(password) < SHORTEST:
        return f"a password has at least {SHORTEST} characters; {RECOMMENDED} or more are better"
    if len(password) > LONGEST:
        return f"a password has at most {LONGEST} characters"
    if _guessable(password.casefold(), name.casefold()):
        return "this password is among the first that anybody would try; a few unrelated words make a good one"
    return None


def _guessable(plain: str, name: str) -> bool:
    words = _common() | _OWN_WORDS | {name}
    if plain in words or len(set(plain)) < 4:
        return True
    if any(plain in row * 2 or plain in row[::-1] * 2 for row in _ROWS):
        return True
    stem = plain.strip(_DECORATION)
    if len(plain) - len(stem) > _MOST_DECORATION:
        return False
    return bool({stem, plain.translate(_LEET), stem.translate(_LEET)} & words) or _doubled(stem, words)


def _doubled(stem: str, words: frozenset[str]) -> bool:
    half = len(stem) // 2
    return len(stem) % 2 == 0 and stem[:half] == stem[half:] and stem[:half] in words


class Hashing:
    """Argon2id at 19 MiB, two passes, one lane. Source: OWASP Password Storage Cheat Sheet, "Argon2id".

    At most two hashes are made at once, so that a flood of sign-ins takes neither the memory nor the loop; `inline` is for
    simulations, where no thread may escape the clock.
    """

    _AT_ONCE = 2
    _MOST_WAITING = 20

    def __init__(self, *, inline: bool = False) -> None:
        self._threads = None if inline else ThreadPoolExecutor(self._AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0

    async def make(self, password: str) -> str:
        """
        Raises:
            Unavailable: too many people sign in at this moment.
        """
        return await self._run(self._make, password)

    async def fits(self, password: str, hashed: str | None) -> bool:
        """Takes as long when there is nothing to compare with.

        Raises:
            Unavailable: too many people sign in at this moment.
        """
        return await self._run(self._fits, password, hashed)

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    async def _run(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        if self._threads is None:
            return work(*args, **more)
        if self._waiting >= self._MOST_WAITING:
            raise Unavailable("too many people sign in at this moment", wait=timedelta(seconds=5))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **more))
        finally:
            self._waiting -= 1

    def _make(self, password: str) -> str:
        return _argon2().hash(_bytes(password))

    def _fits(self, password: str, hashed: str | None) -> bool:
        from argon2.exceptions import VerificationError

        decoy = _decoy()
        try:
            _argon2().verify(hashed or decoy, _bytes(password[:LONGEST]))
        except VerificationError:
            return False
        return hashed is not None and len(password) <= LONGEST


@cache
def _argon2() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _decoy() -> str:
    return _argon2().hash(_bytes("nobody's"))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
