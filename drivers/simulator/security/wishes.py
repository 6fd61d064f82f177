"""What a device asks for while it is given keys, with the misbehaviour that somebody wants to see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from drivers.simulator.quirks import JoinsBadly
from drivers.simulator.security.joining import (
    KEX_REPORT,
    KEX_SET,
    NETWORK_KEY_GET,
    NETWORK_KEY_VERIFY,
    PUBLIC_KEY_REPORT,
    Fail,
    Wishes,
)
from drivers.simulator.security.keys import Level

_HOW: Final[dict[JoinsBadly, dict[str, Any]]] = {
    JoinsBadly.SILENT_FROM_START: {"answers": False},
    JoinsBadly.SILENT_AFTER_REPORT: {"falls_silent_after": KEX_REPORT},
    JoinsBadly.SILENT_AFTER_PUBLIC_KEY: {"falls_silent_after": PUBLIC_KEY_REPORT},
    JoinsBadly.SILENT_AFTER_CONFIRMING: {"falls_silent_after": KEX_SET},
    JoinsBadly.SILENT_AFTER_ASKING: {"falls_silent_after": NETWORK_KEY_GET},
    JoinsBadly.SILENT_AFTER_PROOF: {"falls_silent_after": NETWORK_KEY_VERIFY},
    JoinsBadly.NEW_SCHEME: {"schemes": 0x04},
    JoinsBadly.NEW_CURVE: {"curves": 0x02},
    JoinsBadly.WANTS_PIN_ITSELF: {"csa": True},
    JoinsBadly.CONFIRMS_OTHER_KEYS: {"confirms": frozenset({Level.S2_UNAUTHENTICATED})},
    JoinsBadly.CONFIRMS_OPENLY: {"confirms_openly": True},
    JoinsBadly.ASKS_FOR_MORE: {"asks_for": Level.S2_UNAUTHENTICATED},
    JoinsBadly.CANCELS: {"breaks_off": Fail.CANCEL},
}


def asking(levels: frozenset[Level], badly: JoinsBadly | None) -> Wishes:
    return replace(Wishes(levels), **({} if badly is None else _HOW[badly]))
