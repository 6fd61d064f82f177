"""Being given keys, seen from the device. Two conversations that read in the order of the specification.

A conversation is a generator: it yields what to do next and is sent what came of it, with the time. It knows neither
radio nor clock. S2 goes as the SDK's own devices do it (libs2, inclusion/s2_inclusion.c, joining node), S0 as SDS10865
and ZW_classcmd.h have it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NoReturn

from drivers.simulator.security.keys import (
    KEY,
    PUBLIC_KEY,
    Label,
    Level,
    S2Keys,
    mask,
    temporary_keys,
    unmask,
)
from drivers.simulator.security.s2 import CLASS

TB1_S: Final = 30.0
"""To KEX Get, from being added."""
TB2_S: Final = 240.0
"""To KEX Set, from KEX Report."""
TB3_S: Final = 10.0
"""To the controller's public key."""
TB4_S: Final = 10.0
"""To each network key."""
TB5_S: Final = 10.0
"""To each Transfer End; and between two confirmations of what was granted."""
CONFIRMATIONS: Final = 24
"""One every 10 s while the controller's owner looks for the PIN: 240 s (TBI1 / TB5)."""
S0_S: Final = 10.0
"""For each step of the controller's in S0 (zwave-js, Controller.ts: S0_TIMEOUT)."""

KEX_GET, KEX_REPORT, KEX_SET, KEX_FAIL, PUBLIC_KEY_REPORT = 0x04, 0x05, 0x06, 0x07, 0x08
NETWORK_KEY_GET, NETWORK_KEY_REPORT, NETWORK_KEY_VERIFY, TRANSFER_END = 0x09, 0x0A, 0x0B, 0x0C
ECHO: Final = 0x01
CSA: Final = 0x02
SCHEME_1: Final = 0x02
CURVE_25519: Final = 0x01
INCLUDING: Final = 0x01
REQUEST_COMPLETE: Final = 0x01
KEY_VERIFIED: Final = 0x02

S0_CLASS: Final = 0x98
S0_SCHEME_GET, S0_SCHEME_REPORT, S0_KEY_SET, S0_KEY_VERIFY = 0x04, 0x05, 0x06, 0x07


class Fail(Enum):
    """Why a key exchange ended (ZW_classcmd.h, KEX_FAIL_*)."""

    KEY = 0x01
    SCHEME = 0x02
    CURVES = 0x03
    DECRYPT = 0x05
    CANCEL = 0x06
    AUTH = 0x07
    KEY_GET = 0x08
    KEY_VERIFY = 0x09
    KEY_REPORT = 0x0A


class Clear(Enum):
    """How a message of the key exchange travels when no key of a class seals it."""

    OPEN = "open"
    TEMPORARY = "temporary"


Sealing = Clear | Level


@dataclass(frozen=True, slots=True)
class Send:
    """Answered with `Went`."""

    command: bytes = field(repr=False)
    under: Sealing = Clear.OPEN


@dataclass(frozen=True, slots=True)
class Wait:
    """Answered with `Came` or `Late`."""

    until: float


@dataclass(frozen=True, slots=True)
class Agree:
    """The temporary keys, from now on. Answered with `Went`."""

    keys: S2Keys


@dataclass(frozen=True, slots=True)
class Hold:
    """A network key, from now on. Answered with `Went`."""

    level: Level
    key: bytes = field(repr=False)


Step = Send | Wait | Agree | Hold


@dataclass(frozen=True, slots=True)
class Went:
    at: float


@dataclass(frozen=True, slots=True)
class Came:
    command: bytes = field(repr=False)
    under: Sealing
    at: float


@dataclass(frozen=True, slots=True)
class Late:
    at: float


Answer = Went | Came | Late
Keys = Mapping[Level, bytes]
Conversation = Generator[Step, Answer, Keys]
"""Returns the granted keys. No S2 key at all is a possible end: the controller granted nothing."""


class EndedError(Exception):
    """The device is in the network and has no keys."""

    def __init__(self, why: str, fail: Fail | None = None) -> None:
        super().__init__(why)
        self.fail = fail


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a device asks for, and how it misbehaves while it does."""

    levels: frozenset[Level]
    csa: bool = False
    """Wants its owner to type a PIN into itself."""
    schemes: int = SCHEME_1
    curves: int = CURVE_25519
    asks_for: Level | None = None
    """Asks for this key before all others, granted or not."""
    confirms: frozenset[Level] | None = None
    """Confirms that it was granted these; None: those that it was."""
    confirms_openly: bool = False
    breaks_off: Fail | None = None
    """Says so instead of asking for the first key."""
    answers: bool = True
    falls_silent_after: int | None = None
    """The number of a command of the class: the last one that it says."""


def join_s2(label: Label, wishes: Wishes, now: float) -> Conversation:
    """From being added to the network to having its keys.

    Raises:
        EndedError: it came to nothing.
    """
    try:
        return (yield from _exchange(label, wishes, now))
    except EndedError as ended:
        if ended.fail is not None:
            yield Send(bytes((CLASS, KEX_FAIL, ended.fail.value)))
        raise


def _exchange(label: Label, wishes: Wishes, now: float) -> Conversation:
    yield from _expect(KEX_GET, now + TB1_S)
    if not wishes.answers:
        raise EndedError("it never answered")
    report = bytes((CSA if wishes.csa else 0, wishes.schemes, wishes.curves, mask(wishes.levels)))
    told = yield from _say(wishes, KEX_REPORT, report)
    granting = yield from _expect(KEX_SET, told + TB2_S, passed_over=(KEX_GET,))
    granted = _granted(granting.command, wishes)

    public = label.public
    if granted & {Level.S2_ACCESS_CONTROL, Level.S2_AUTHENTICATED} and not granting.command[2] & CSA:
        public = bytes(2) + public[2:]
    told = yield from _say(wishes, PUBLIC_KEY_REPORT, b"\x00" + public)
    theirs = yield from _expect(PUBLIC_KEY_REPORT, told + TB3_S, passed_over=(KEX_GET, KEX_SET))
    yield Agree(_temporary(label, theirs.command))

    confirmed = yield from _confirm(granting.command, wishes)
    if confirmed.command[2:6] != bytes((report[0] | ECHO,)) + report[1:]:
        _end(Fail.AUTH)
    if wishes.breaks_off is not None:
        _end(wishes.breaks_off)
    return (yield from _collect(granted, wishes))


def _granted(command: bytes, wishes: Wishes) -> frozenset[Level]:
    flags, scheme, curve, keys = command[2:6]
    if scheme != SCHEME_1 or not scheme & wishes.schemes:
        _end(Fail.SCHEME)
    if curve != CURVE_25519 or not curve & wishes.curves:
        _end(Fail.CURVES)
    if keys & ~mask(wishes.levels) or (flags & CSA and not wishes.csa):
        _end(Fail.KEY)
    return unmask(keys)


def _temporary(label: Label, command: bytes) -> S2Keys:
    theirs = command[3 : 3 + PUBLIC_KEY]
    try:
        return temporary_keys(label.agree(theirs), theirs, label.public)
    except ValueError:
        _end(Fail.DECRYPT)


def _confirm(granting: bytes, wishes: Wishes) -> Generator[Step, Answer, Came]:
    """Repeat what was granted, sealed, until the controller can read it and repeats what was asked for."""
    flags, scheme, curve, keys = granting[2:6]
    if wishes.confirms is not None:
        keys = mask(wishes.confirms)
    under = Clear.OPEN if wishes.confirms_openly else Clear.TEMPORARY
    for _ in range(CONFIRMATIONS):
        told = yield from _say(wishes, KEX_SET, bytes((flags | ECHO, scheme, curve, keys)), under)
        try:
            return (
                yield from _expect(KEX_REPORT, told + TB5_S, Clear.TEMPORARY, (KEX_GET, KEX_SET, PUBLIC_KEY_REPORT))
            )
        except _SilenceError:
            continue
    raise EndedError("nobody typed the PIN at the controller in time")


def _collect(granted: frozenset[Level], wishes: Wishes) -> Conversation:
    """The keys one by one, lowest bit first, each proved by using it."""
    held: dict[Level, bytes] = {}
    for level in sorted(granted, key=lambda each: each.value):
        asked = level if wishes.asks_for is None else wishes.asks_for
        told = yield from _say(wishes, NETWORK_KEY_GET, bytes((asked.value,)), Clear.TEMPORARY)
        given = yield from _expect(NETWORK_KEY_REPORT, told + TB4_S, Clear.TEMPORARY, (KEX_REPORT,))
        if given.command[2] != level.value:
            _end(Fail.KEY_REPORT)
        held[level] = given.command[3 : 3 + KEY]
        yield Hold(level, held[level])
        told = yield from _say(wishes, NETWORK_KEY_VERIFY, b"", level)
        end = yield from _expect(TRANSFER_END, told + TB5_S, Clear.TEMPORARY, (NETWORK_KEY_REPORT,))
        if end.command[2] & (KEY_VERIFIED | REQUEST_COMPLETE) != KEY_VERIFIED:
            raise EndedError("the controller did not verify the key")
    yield from _say(wishes, TRANSFER_END, bytes((REQUEST_COMPLETE,)), Clear.TEMPORARY)
    return held


_LENGTHS: Final = {
    KEX_GET: 2,
    KEX_REPORT: 6,
    KEX_SET: 6,
    KEX_FAIL: 3,
    PUBLIC_KEY_REPORT: 3 + PUBLIC_KEY,
    NETWORK_KEY_REPORT: 3 + KEY,
    TRANSFER_END: 3,
}


class _SilenceError(EndedError):
    pass


def _say(wishes: Wishes, command: int, body: bytes, under: Sealing = Clear.OPEN) -> Generator[Step, Answer, float]:
    told = yield Send(bytes((CLASS, command)) + body, under)
    if wishes.falls_silent_after == command:
        raise EndedError("it fell silent")
    return told.at


def _expect(
    command: int, until: float, under: Sealing = Clear.OPEN, passed_over: tuple[int, ...] = ()
) -> Generator[Step, Answer, Came]:
    """The controller's next word, which must be this one. Earlier ones may come again: frames are repeated."""
    while True:
        answer = yield Wait(until)
        if isinstance(answer, Late):
            raise _SilenceError("the controller did not go on")
        if not isinstance(answer, Came) or not _is_whole(answer.command):
            continue
        heard = answer.command
        if heard[1] == KEX_FAIL:
            raise EndedError(f"the controller ended the key exchange with {heard[2]:#04x}")
        if heard[1] == command:
            if answer.under is not under:
                _end(Fail.AUTH)
            return answer
        if heard[1] not in passed_over:
            raise EndedError("the controller said something out of turn")


def _is_whole(command: bytes) -> bool:
    return len(command) >= 2 and command[0] == CLASS and len(command) >= _LENGTHS.get(command[1], 2)


def _end(fail: Fail) -> NoReturn:
    raise EndedError(f"the device ended the key exchange with {fail.name}", fail)


def join_s0(now: float) -> Conversation:
    """Being given the S0 key under the key of zeros, which everybody knows.

    Raises:
        EndedError: it came to nothing.
    """
    yield from _expect_s0(S0_SCHEME_GET, 3, now + TB1_S, Clear.OPEN)
    told = yield Send(bytes((S0_CLASS, S0_SCHEME_REPORT, 0)))
    given = yield from _expect_s0(S0_KEY_SET, 2 + KEY, told.at + 2 * S0_S, Clear.TEMPORARY)
    key = given.command[2 : 2 + KEY]
    yield Hold(Level.S0, key)
    yield Send(bytes((S0_CLASS, S0_KEY_VERIFY)), Level.S0)
    return {Level.S0: key}


def _expect_s0(command: int, length: int, until: float, under: Sealing) -> Generator[Step, Answer, Came]:
    while True:
        match (yield Wait(until)):
            case Came(command=heard, under=really) as came if (
                heard[:2] == bytes((S0_CLASS, command)) and len(heard) >= length and really is under
            ):
                return came
            case Late():
                raise EndedError("the controller did not go on")
            case _:
                pass
