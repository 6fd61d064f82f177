"""Giving a device its S0 key, seen from the hub. Whoever listens during it holds the key of all S0 locks.

Source: SDS10865, section 5; CVE-2013-20003. Never used without a person's typed consent.
"""

from __future__ import annotations

from collections.abc import Generator

from drivers.zwave.security.joining import (
    Admit,
    Agree,
    Answer,
    Await,
    Cancelled,
    Conversation,
    Heard,
    Joined,
    Step,
    Tell,
    TimedOut,
)
from drivers.zwave.security.keys import S0_JOINING, NetworkKey, SecurityClass
from drivers.zwave.security.s2 import TEMPORARY, Strength
from hub.errors import Rejected

STEP_S = 10.0
"""For each answer of the device. Source: SDS10865, 5.6."""
_SCHEME_GET = bytes((0x98, 0x04, 0x00))
_SCHEME_REPORT = bytes((0x98, 0x05))
_KEY_SET = bytes((0x98, 0x06))
_KEY_VERIFY = bytes((0x98, 0x07))


def include(key: NetworkKey) -> Conversation:
    """Give a device that joined the network the old key.

    Raises:
        Rejected: it did not take it; the sentence says why. It must be excluded again.
    """
    told = yield Tell(_SCHEME_GET)
    yield from _expect(_SCHEME_REPORT, told.at + STEP_S, under=None)
    yield Agree(S0_JOINING)
    yield Admit(SecurityClass.S0)
    told = yield Tell(_KEY_SET + key.reveal(), TEMPORARY)
    yield from _expect(_KEY_VERIFY, told.at + STEP_S, under=SecurityClass.S0)
    only = frozenset({SecurityClass.S0})
    return Joined(only, only)


def _expect(start: bytes, until: float, *, under: Strength | None) -> Generator[Step, Answer, None]:
    while True:
        match (yield Await(until)):
            case Heard(command=command, under=really) if command.startswith(start) and really is under:
                return
            case TimedOut():
                raise Rejected("the lock did not go on with the key exchange; hold it nearer and try again")
            case Cancelled():
                raise Rejected("joining was cancelled")
            case _:
                pass
