"""What may be wrong in a house, how bad each of it is, and how it is told: one table of kinds.

A `Finding` is what is wrong now, worked out from state (hub/health.py) with its sentence and its cure. An alert is a finding
that lasted: raised, told, acknowledged, over (hub/alerts.py). Everything here is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Self


class Level(Enum):
    """What it asks of a person, worst first."""

    URGENT = "urgent"
    """A guest may stand outside, or somebody may get in. Told at any hour."""
    PROBLEM = "problem"
    NOTICE = "notice"


class Way(Enum):
    """By what a person is told."""

    PAGE = "page"
    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of a finding of one kind."""

    level: Level
    ways: frozenset[Way]
    """By which of them it may be told; whoever is told chooses among these."""
    lasting: timedelta
    """It has been found for so long without a break before it is raised."""
    gone: timedelta
    """It has not been found for so long before it is over: what comes and goes is one alert."""
    escalate: timedelta | None
    """Unacknowledged for so long, the next person of the list is told; None: nobody else ever is."""

    @property
    def waits_for_morning(self) -> bool:
        """Quiet hours hold it back."""
        return self.level is not Level.URGENT


_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


def _urgent(
    *, lasting: timedelta = timedelta(0), gone: timedelta = 10 * _MINUTE, escalate: timedelta = 15 * _MINUTE
) -> Rule:
    return Rule(Level.URGENT, frozenset(Way), lasting, gone, escalate)


def _problem(
    *, lasting: timedelta = 5 * _MINUTE, gone: timedelta = 30 * _MINUTE, escalate: timedelta | None = None
) -> Rule:
    return Rule(Level.PROBLEM, frozenset({Way.PAGE, Way.EMAIL}), lasting, gone, escalate)


def _notice(*, lasting: timedelta = 5 * _MINUTE, gone: timedelta = _HOUR) -> Rule:
    return Rule(Level.NOTICE, frozenset({Way.PAGE}), lasting, gone, None)


class Kind(Enum):
    """Every kind of thing that may be wrong: its word and its rule. Old databases hold the words: none is ever taken away."""

    # the hub
    SAFE_MODE = "safe_mode", _urgent()
    CLOCK = "clock", _urgent(lasting=10 * _MINUTE)  # a box without a battery clock needs minutes to be told the time
    PLUGIN_OFF = "plugin_off", _problem(lasting=_MINUTE)
    PLUGIN_WAITING = "plugin_waiting", _problem(lasting=10 * _MINUTE)
    DEAD_LETTER = "dead_letter", _problem(lasting=timedelta(0))

    # channels
    CHANNEL_FAILING = "channel_failing", _problem(lasting=timedelta(0))  # health itself waits half an hour

    # locks
    SET_ASIDE = "set_aside", _urgent()
    NO_DEVICE = "no_device", _problem()
    NEVER_MET = "never_met", _problem(lasting=15 * _MINUTE)
    NO_KEYPAD = "no_keypad", _problem()
    UNNAMED_LOCK = "unnamed_lock", _notice()
    SILENT = "silent", _problem(lasting=10 * _MINUTE, escalate=4 * _HOUR)
    BATTERY_LOW = "battery_low", _problem(lasting=10 * _MINUTE, gone=_HOUR, escalate=24 * _HOUR)
    JAMMED = "jammed", _problem(lasting=_MINUTE, escalate=_HOUR)
    TAMPERED = "tampered", _problem(lasting=timedelta(0), escalate=_HOUR)
    WRONG_CODES = "wrong_codes", _problem(lasting=timedelta(0), escalate=_HOUR)
    KEYPAD_OFF = "keypad_off", _problem(escalate=_HOUR)

    # codes
    CODE_UNPROVEN = "code_unproven", _urgent(lasting=2 * _MINUTE)
    CODE_REFUSED = "code_refused", _urgent()
    NO_ROOM = "no_room", _urgent(lasting=2 * _MINUTE)

    # people
    PASS_CANNOT_WORK = "pass_cannot_work", _problem()

    # what people did in an emergency
    LOCKED_DOWN = "locked_down", _urgent()
    EMERGENCY_CODE = "emergency_code", _problem(lasting=timedelta(0))
    EMERGENCY_UNLOCK = "emergency_unlock", _problem(lasting=timedelta(0))

    # radios
    RADIO_THROWN_OUT = "radio_thrown_out", _problem(lasting=timedelta(0))
    RADIO_JAMMED = "radio_jammed", _problem(lasting=2 * _MINUTE, escalate=4 * _HOUR)
    RADIO_DEAD = "radio_dead", _problem(lasting=10 * _MINUTE)
    RADIO_UNREADABLE = "radio_unreadable", _problem(lasting=timedelta(0))
    STICK_GONE = "stick_gone", _urgent(lasting=2 * _MINUTE)

    word: str
    rule: Rule

    def __new__(cls, word: str, rule: Rule) -> Self:
        made = object.__new__(cls)
        made._value_ = word
        made.word, made.rule = word, rule
        return made

    @classmethod
    def of(cls, word: str) -> Kind:
        return _KINDS[word]


_KINDS: Final = {kind.word: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now. What is the same kind about the same thing is the same trouble, however it is worded."""

    kind: Kind
    about: str
    """What it concerns: `lock:front`, `channel:airbnb-1`, `stay:…`, `clock`, `plugin:zwave`, `inbox:17`, `alarm:3` …"""
    sentence: str
    """For a person, by names. Never a PIN; a guest's name only where it is needed: it may leave the house by e-mail."""
    cure: str
    since: datetime | None = None

    @property
    def level(self) -> Level:
        return self.kind.rule.level
