"""What a guest can try at a keypad that does not take the code: by maker and model, and only what is sure.

Sources. No manual was in hand itself; each was read as the page named here shows it.
    Schlage BE468, BE469 (touchscreens): "Schlage Connect Programming Guide", Programming Descriptions ("press the Outside
        Schlage Button and then enter a … User Code to unlock"; scribd.com/document/910171446); the signs: "BE468 series"
        user guide, page 5 (manualshive.com/en/manual/schlage/be468-series/1212358).
    Schlage BE369, FE599 (keys): "Schlage Home Keypad Locks User Guide", Lock Parts: a valid code lets the outside thumbturn
        be rotated; the outside lever retracts the latch only when unlocked (vdocuments.us, of smarthome.com/manuals/51212.pdf).
    Kwikset and Weiser SmartCode 10 (touchscreen, GED2150): user guide, System Alerts, and SmartCode at a Glance, switch 4
        (manuzoid.com/manuals/01WLW, manualslib.com/manual/1286395 page 4).
    Kwikset with keys: "SmartCode 909 Installation and User Guide" of 2015, System Alerts
        (manualmachine.com/kwikset/smartcode909/20986374): of a sister of 910, 912, 914, so only its wait is said.
    Yale: the time that a keypad stays shut after wrong codes is configuration parameter 7, 180 seconds at most ("Z-Wave Plus
        v2 System Integrators Guide", revision 1.9, for what drivers/zwave/devices/yale.toml lists).
August's locks have no keypad of their own, and other makers' are not known: they get what holds for all.
"""

from __future__ import annotations

from typing import Final

ALWAYS: Final = (
    "Type the digits one by one, without a long pause. If you mistyped, wait half a minute before you begin anew.",
)
"""Every keypad forgets what was begun; the longest time named is 20 s (Weiser SmartCode 10)."""
SHUT: Final = (
    "After several wrong codes a keypad shuts itself for a while. Do not touch it for three minutes, then try again."
)
"""The longest wait of those known (Yale)."""

_SHUT_A_MINUTE: Final = (
    "After three wrong codes within a minute the keypad shuts itself. Do not touch it for a minute, then type it again."
)
_SCHLAGE_SCREEN: Final = (
    "Press the Schlage button at the top, then type the code.",
    "A green check mark says that the code was right, a red cross that it was not.",
    SHUT,
)
_SMARTCODE_SCREEN: Final = (
    "If only some digits light up at first, touch those: then all appear, and you can type the code.",
    "One flash of the cross says that the code was wrong.",
    _SHUT_A_MINUTE,
)

_STEPS: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("Schlage BE468", "Schlage BE469"), _SCHLAGE_SCREEN),
    (("Schlage BE369",), ("The bolt does not move by itself: once the code is typed, turn the outside knob.", SHUT)),
    (("Schlage CKPD FE599",), ("The latch does not move by itself: once the code is typed, turn the lever.", SHUT)),
    (("Kwikset GED2150",), _SMARTCODE_SCREEN),
    (("Kwikset 910", "Kwikset 912", "Kwikset 914"), (_SHUT_A_MINUTE,)),
)
"""By how a model begins (drivers/zwave/devices/)."""


def steps(model: str) -> tuple[str, ...]:
    """In the order in which to try; `model` as the driver names it, empty where nobody knows."""
    known = next((told for begins, told in _STEPS if model.startswith(begins)), (SHUT,))
    return (*ALWAYS, *known)
