"""Locks that exist, as data.

Identifiers, slot counts of the Schlage, parameters and their roles: facts table made from the zwave-js device files
(`0x003b/be469zp`, `be469`, `be369`, `fe599nx`, `0x0090/914`, `hc620`, `0x0129/yrc_yrd_226_246_256_446-zw2`, `yrd256-zw3`,
`0x033f/asl-03`). What those files do not say (firmware figures, command class versions, which lock has Supervision, 30 slots of
the Kwikset, 19 of the oldest Schlage) is assumed and can be overridden in the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from drivers.simulator.quirks import Supervision


class Role(Enum):
    """What a configuration parameter does, as far as it matters to codes."""

    PLAIN = "plain"
    PIN_LENGTH = "pin_length"
    """Every code has exactly this many digits; a change deletes all codes (be469zp.json; Home Assistant #22464)."""
    OCCUPIED = "occupied"
    """Read only: one bit for each occupied slot, slot 1 lowest."""
    READ_ONLY = "read_only"
    VACATION = "vacation"
    """Not 0: no code opens."""
    RESET = "reset"
    """1: everything is forgotten."""


@dataclass(frozen=True, slots=True)
class Parameter:
    default: int = 0
    size: int = 1
    role: Role = Role.PLAIN
    least: int = 0
    most: int = 255


@dataclass(frozen=True, slots=True)
class Model:
    brand: str
    label: str
    manufacturer: int
    product_type: int
    product_id: int
    firmware: tuple[int, int]
    slots: int
    """0: no keypad."""
    user_code: int = 1
    """Version of the User Code Command Class."""
    admin_slot: int | None = None
    """A slot beyond `slots` that holds the admin code."""
    min_digits: int = 4
    max_digits: int = 8
    supervision: Supervision = Supervision.NONE
    parameters: Mapping[int, Parameter] = field(default_factory=dict)
    groups: Mapping[int, int] = field(default_factory=dict)
    """Association groups and how many nodes each holds; without any the lock has no Association Command Class."""
    report_group: int | None = None
    """Who is not in this group is told nothing without asking; None: the stick always is."""

    @property
    def name(self) -> str:
        return f"{self.brand} {self.label}"

    def parameter(self, role: Role) -> int | None:
        return next((number for number, each in self.parameters.items() if each.role is role), None)


_SWITCH: Final = Parameter()
_COUNTER: Final = Parameter(size=4, role=Role.READ_ONLY)
_SCHLAGE: Final = {
    3: _SWITCH,
    4: Parameter(role=Role.VACATION),
    5: _SWITCH,
    6: Parameter(size=4, role=Role.OCCUPIED),
    7: Parameter(most=3),
    8: Parameter(3, least=1, most=5),
    9: Parameter(3, least=1, most=5),
    10: Parameter(3, least=1, most=5),
    11: _SWITCH,
    12: _COUNTER,
    13: _COUNTER,
    14: _COUNTER,
    15: _SWITCH,
    16: Parameter(4, role=Role.PIN_LENGTH, least=4, most=8),
    17: _COUNTER,
    18: Parameter(role=Role.READ_ONLY),
}
_OLD_SCHLAGE: Final = {3: _SWITCH, 4: Parameter(role=Role.VACATION, most=1), 5: Parameter(most=1)}
_OLD_GROUPS: Final = {1: 2, 2: 2}
"""Reports go to group 2, which holds two nodes and is empty until somebody fills it (be369.json, fe599nx.json)."""
_KWIKSET: Final = {
    **{user: Parameter(1, least=1, most=4) for user in range(1, 31)},
    31: Parameter(role=Role.READ_ONLY),
    33: _COUNTER,
    34: _COUNTER,
    40: Parameter(role=Role.RESET, most=1),
}
_YALE: Final = {
    1: Parameter(2, least=1, most=3),
    2: _SWITCH,
    3: Parameter(30, most=180),
    4: Parameter(5, least=3, most=10),
    5: Parameter(1, least=1, most=3),
    7: Parameter(60, least=10, most=127),
    8: Parameter(role=Role.VACATION, most=2),
    11: _SWITCH,
    12: _SWITCH,
    13: _SWITCH,
}

MODELS: Final[Mapping[str, Model]] = {
    "schlage": Model("Schlage", "BE469ZP", 0x003B, 0x0001, 0x0469, (0, 11), slots=30, parameters=_SCHLAGE),
    "kwikset": Model("Kwikset", "914", 0x0090, 0x0003, 0x0440, (4, 79), slots=30, parameters=_KWIKSET),
    "yale": Model(
        "Yale",
        "YRD256",
        0x0129,
        0x8002,
        0x0600,
        (32, 48),
        slots=250,
        admin_slot=251,
        parameters=_YALE | {6: _SWITCH, 15: Parameter(role=Role.RESET, most=1)},
    ),
    "yale-zw3": Model(
        "Yale",
        "YRD256-ZW3",
        0x0129,
        0x8002,
        0x46D5,
        (1, 10),
        slots=250,
        user_code=2,
        supervision=Supervision.WORKS,
        parameters=_YALE | {28: Parameter(most=127)},
    ),
    "be369": Model(
        "Schlage",
        "BE369",
        0x003B,
        0x634B,
        0x5044,
        (3, 26),
        slots=19,
        parameters=_OLD_SCHLAGE,
        groups=_OLD_GROUPS,
        report_group=2,
    ),
    "fe599": Model(
        "Schlage",
        "FE599",
        0x003B,
        0x634B,
        0x504C,
        (3, 26),
        slots=19,
        parameters=_OLD_SCHLAGE,
        groups=_OLD_GROUPS,
        report_group=2,
    ),
    "be469": Model(
        "Schlage",
        "BE469",
        0x003B,
        0x6341,
        0x5044,
        (0, 8),
        slots=30,
        parameters=_SCHLAGE,
        groups={1: 2},
        report_group=1,
    ),
    "hc620": Model(
        "Kwikset",
        "HC620",
        0x0090,
        0x0811,
        0x23A8,
        (1, 6),
        slots=30,
        supervision=Supervision.SPAM,
        parameters={40: Parameter(role=Role.RESET, most=2)},
    ),
    "august": Model("August", "ASL-03", 0x033F, 0x0001, 0x0001, (1, 59), slots=0),
}
"""By the word used in the settings."""
