"""What may be wrong in a house, how bad each of it is, and how it is told: one table of kinds.

A `Finding` is what is wrong now, worked out from state (hub/health.py) with its sentence and its cure. An alert is a finding
that lasted: raised, told, acknowledged, over (hub/alerts.py). Everything here is pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import Final, Self

_DAY: Final = timedelta(days=1)
_DOUBLED: Final = 3
"""So many times each wait is twice the one before: after 1, 2 and 4 hours of what is urgent, then every day."""


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


def ways_in_words(ways: frozenset[Way]) -> str:
    return " and ".join(sorted(way.value for way in ways))


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of a finding of one kind."""

    level: Level
    ways: frozenset[Way]
    """By which of them it may be told; whoever is told chooses among these."""
    lasting: timedelta
    """Found for so long, it is raised. A break shorter than that counts for nothing: what comes and goes is raised too."""
    gone: timedelta
    """Not found for so long, it is over: what comes and goes is one alert."""
    escalate: timedelta | None
    """Unacknowledged for so long, the next person of the list is told; None: nobody else ever is."""
    repeat: timedelta | None
    """Unacknowledged for so long after the last was told, all who were are told again, and ever more seldom; None: never."""
    at_any_hour: bool = False
    """Though it is not urgent."""

    def again(self, reminded: int) -> timedelta | None:
        """How long to wait before all are told again, after they were so often; None: they never are.

        Whoever has not looked after three of them is not won by a fourth an hour later; a day's one lasts.
        """
        if self.repeat is None:
            return None
        return _DAY if reminded >= _DOUBLED else min(self.repeat * 2**reminded, _DAY)

    @property
    def waits_for_morning(self) -> bool:
        """Quiet hours hold it back."""
        return self.level is not Level.URGENT and not self.at_any_hour


_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


def _urgent(
    *, lasting: timedelta = timedelta(0), gone: timedelta = 10 * _MINUTE, escalate: timedelta = 15 * _MINUTE
) -> Rule:
    return Rule(Level.URGENT, frozenset(Way), lasting, gone, escalate, repeat=_HOUR)


def _problem(
    *,
    lasting: timedelta = 5 * _MINUTE,
    gone: timedelta = 30 * _MINUTE,
    escalate: timedelta | None = None,
    at_any_hour: bool = False,
) -> Rule:
    ways = frozenset({Way.PAGE, Way.EMAIL})
    return Rule(Level.PROBLEM, ways, lasting, gone, escalate, repeat=24 * _HOUR, at_any_hour=at_any_hour)


def _deed() -> Rule:
    """For what somebody did in an emergency: whoever runs the house should know of it then, not in the morning."""
    return _problem(lasting=timedelta(0), at_any_hour=True)


def _notice(*, lasting: timedelta = 5 * _MINUTE, gone: timedelta = _HOUR) -> Rule:
    return Rule(Level.NOTICE, frozenset({Way.PAGE}), lasting, gone, escalate=None, repeat=None)


def _on_the_page(*, lasting: timedelta = timedelta(0), gone: timedelta = 10 * _MINUTE) -> Rule:
    """For what is wrong with telling itself: it cannot be told by the way that does not work."""
    return Rule(Level.PROBLEM, frozenset({Way.PAGE}), lasting, gone, escalate=None, repeat=None)


class Kind(Enum):
    """Every kind of thing that may be wrong: its word and its rule. Old databases hold the words: none is ever taken away."""

    # the hub
    SAFE_MODE = "safe_mode", _urgent()
    CLOCK = "clock", _urgent(lasting=10 * _MINUTE)  # a box without a battery clock needs minutes to be told the time
    PLUGIN_OFF = "plugin_off", _problem(lasting=_MINUTE)
    PLUGIN_WAITING = "plugin_waiting", _problem(lasting=10 * _MINUTE)
    DEAD_LETTER = "dead_letter", _problem(lasting=timedelta(0))
    AUDIT_BROKEN = "audit_broken", _urgent()
    SIGN_IN_LOCKED = "sign_in_locked", _problem(lasting=timedelta(0), gone=_HOUR, escalate=_HOUR)
    UNSIGNED = "unsigned", _problem(lasting=timedelta(0), gone=_HOUR)

    NOT_REACHED = "not_reached", _on_the_page()
    NOBODY_SENDS = "nobody_sends", _on_the_page()
    MAIL_WAITS = "mail_waits", _on_the_page()

    # channels
    CHANNEL_FAILING = "channel_failing", _problem(lasting=timedelta(0))  # health itself waits half an hour
    NIGHTS_UNTOLD = (
        "nights_untold",
        _problem(lasting=timedelta(0), escalate=4 * _HOUR),
    )  # patience is the platform's own
    PUSH_FAILED = "push_failed", _problem(lasting=timedelta(0))
    OTHER_DAYS = "other_days", _problem(lasting=timedelta(0), escalate=4 * _HOUR)

    # nights that were sold twice, or may have been
    SOLD_TWICE = "sold_twice", _problem(lasting=timedelta(0), escalate=4 * _HOUR)
    SOLD_TWICE_SOON = "sold_twice_soon", _urgent()
    CLOSED_OVER = "closed_over", _problem(lasting=timedelta(0), escalate=4 * _HOUR)

    # locks
    SET_ASIDE = "set_aside", _urgent()
    NO_DEVICE = "no_device", _problem()
    NEVER_MET = "never_met", _problem(lasting=15 * _MINUTE)
    NO_KEYPAD = "no_keypad", _problem()
    UNNAMED_LOCK = "unnamed_lock", _notice()
    SILENT = "silent", _problem(lasting=10 * _MINUTE, escalate=4 * _HOUR)
    BATTERY_LOW = "battery_low", _problem(lasting=10 * _MINUTE, gone=_HOUR, escalate=24 * _HOUR)
    BATTERY_EMPTY = "battery_empty", _urgent(lasting=10 * _MINUTE, gone=_HOUR, escalate=4 * _HOUR)
    BATTERY_BEFORE_STAY = "battery_before_stay", _problem(lasting=_HOUR, gone=24 * _HOUR, escalate=24 * _HOUR)
    JAMMED = "jammed", _urgent(lasting=_MINUTE, gone=30 * _MINUTE, escalate=_HOUR)
    TAMPERED = "tampered", _urgent(gone=30 * _MINUTE, escalate=_HOUR)
    WRONG_CODES = (
        "wrong_codes",
        _problem(lasting=timedelta(0), escalate=_HOUR, at_any_hour=True),
    )  # by a guest, it may be
    CODES_COMING_BACK = "codes_coming_back", _problem(lasting=10 * _MINUTE)
    PLACE_DOUBTED = "place_doubted", _problem(lasting=timedelta(0), escalate=_HOUR)
    VACATION_MODE = "vacation_mode", _urgent(lasting=_MINUTE, gone=30 * _MINUTE, escalate=_HOUR)  # no code opens it
    PRIVACY_MODE = "privacy_mode", _problem(lasting=2 * _HOUR, gone=_HOUR)  # over a night it is as it should be
    KEYPAD_OFF = "keypad_off", _problem(escalate=_HOUR)

    # codes
    CODE_LATE = "code_late", _problem(lasting=_MINUTE)
    CODE_SWITCHED = "code_switched", _problem(lasting=timedelta(0), escalate=_HOUR)
    CODE_KNOWN_WRONG = "code_known_wrong", _urgent()  # switched, and the guest was told the digits that do not open
    CODE_MISSING = "code_missing", _urgent(escalate=5 * _MINUTE)  # the ladder itself gives a code its time
    CODE_COMPLAINT = "code_complaint", _problem(lasting=timedelta(0), escalate=_HOUR)
    GUEST_OUTSIDE = "guest_outside", _urgent(escalate=5 * _MINUTE)  # somebody stands before the door now
    BACKUP_LINGERS = "backup_lingers", _urgent()
    CODE_COPIED = "code_copied", _problem(lasting=timedelta(0), escalate=_HOUR)
    BACKUPS_MISSING = (
        "backups_missing",
        _problem(lasting=10 * _MINUTE),
    )  # a lock that is back needs minutes to be filled
    BACKUPS_FEW = "backups_few", _problem(lasting=10 * _MINUTE)
    CODE_UNPROVEN = "code_unproven", _urgent(lasting=2 * _MINUTE)
    CODE_SHARED = "code_shared", _notice()
    CODE_REFUSED = "code_refused", _urgent()
    CODE_REPLACED = "code_replaced", _urgent()
    GUEST_UNTOLD = "guest_untold", _problem(lasting=timedelta(0), escalate=_HOUR)
    CODE_STALE = "code_stale", _problem(lasting=_MINUTE, escalate=_HOUR)
    NO_ROOM = "no_room", _urgent(lasting=2 * _MINUTE)
    ENDS_EARLY = "ends_early", _problem(lasting=10 * _MINUTE)  # one answer that was lost is no refusal

    # people
    PASS_CANNOT_WORK = "pass_cannot_work", _problem()

    # what people did in an emergency
    LOCKED_DOWN = "locked_down", _urgent(gone=timedelta(0))  # a release is told at once
    NOT_LOCKED = "not_locked", _urgent(lasting=_MINUTE)  # whoever leaves opens the door for less than that
    EMERGENCY_CODE = "emergency_code", _deed()
    EMERGENCY_UNLOCK = "emergency_unlock", _deed()

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


# ---- the course of an alert -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """How far one trouble has come. Instants that lie ahead of the clock count as now: it was set back."""

    found_at: datetime
    """Since when it is found, but for breaks too short to count."""
    missing_since: datetime | None = None
    """None: the last look found it."""
    raised_at: datetime | None = None
    told: int = 0
    """So many of the list, counted from its beginning, have been told."""
    reminded: int = 0
    """How often all of those were told again."""
    told_at: datetime | None = None
    """When somebody was last told, or told anew."""
    acknowledged: bool = False


class Move(Enum):
    """What is to be done with it now. One at a time, from a fresh look."""

    FORGET = "forget"
    """It was gone before anybody had to know."""
    RAISE = "raise"
    TELL = "tell"
    """The next person of the list."""
    REMIND = "remind"
    """Everybody who was told before."""
    END = "end"


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing before `until`, unless something changes; None: nothing at all."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides beside the alert itself."""

    found: bool
    people: int
    """On the list, for this kind of alert."""
    quiet_until: datetime | None = None
    """Quiet hours, or a clock that nobody can rely on: what may wait does."""
    unreached: bool = False
    """All who were told are known not to have been reached."""


def next_move(rule: Rule, course: Course, around: Circumstances, now: datetime) -> Move | Rest:
    if not around.found:
        return _gone(rule, course, now)
    if course.raised_at is None:
        return _due(Move.RAISE, course.found_at, rule.lasting, now)
    if course.acknowledged or not around.people:
        return Rest()
    return _telling(rule, course, around, now)


def _gone(rule: Rule, course: Course, now: datetime) -> Move | Rest:
    since = now if course.missing_since is None else course.missing_since
    if course.raised_at is None:
        return _due(Move.FORGET, since, rule.lasting, now)
    return _due(Move.END, since, rule.gone, now)


def _telling(rule: Rule, course: Course, around: Circumstances, now: datetime) -> Move | Rest:
    quiet = rule.waits_for_morning and around.quiet_until is not None
    if course.told == 0 or course.told_at is None:
        return Rest(around.quiet_until) if quiet else Move.TELL
    if course.told < around.people and rule.escalate is not None:
        move = _due(Move.TELL, course.told_at, timedelta(0) if around.unreached else rule.escalate, now)
    elif (wait := rule.again(course.reminded)) is not None:
        move = _due(Move.REMIND, course.told_at, wait, now)
    else:
        return Rest()
    return Rest(around.quiet_until) if quiet and isinstance(move, Move) else move


def _due(move: Move, since: datetime, wait: timedelta, now: datetime) -> Move | Rest:
    due = min(since, now) + wait
    return move if due <= now else Rest(due)


def seen(course: Course, rule: Rule, *, found: bool, now: datetime) -> Course:
    """As it is after a look: a break begins, goes on, or is over and too short to count, or begins the trouble anew."""
    if not found:
        return course if course.missing_since is not None else replace(course, missing_since=now)
    if course.missing_since is None:
        return course
    broken = course.raised_at is None and now - course.missing_since >= rule.lasting
    return replace(course, missing_since=None, found_at=now if broken else course.found_at)


# ---- quiet hours ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Every night from one local time of day to another, which may be that of the next day."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def end_of(self, local: datetime) -> datetime | None:
        """When the quiet ends that reigns at that local time; None: it is not quiet."""
        moment = local.time()
        inside = self.start <= moment < self.end
        if self.start > self.end:
            inside = moment >= self.start or moment < self.end
        if not inside:
            return None
        day = local.date() if moment < self.end else local.date() + timedelta(days=1)
        # What a zone leaps over is read with the offset before it, so the quiet ends late rather than early.
        return datetime.combine(day, self.end, tzinfo=local.tzinfo).astimezone(UTC)


_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?[-–] ?([01]\d|2[0-3]):([0-5]\d)")


def read_quiet_hours(words: str) -> QuietHours | None:
    """`22:00-07:00`, or `never`. Raises ValueError with a sentence."""
    if words.strip().lower() == "never":
        return None
    found = _HOURS.fullmatch(words.strip())
    if found is None:
        raise ValueError('quiet hours are written like "22:00-07:00", or "never"')
    first, second, third, fourth = (int(part) for part in found.groups())
    return QuietHours(time(first, second), time(third, fourth))


SENT: Final = frozenset({Way.EMAIL, Way.SMS})
"""The ways by which something is sent; the page is there for everybody."""


def read_step(words: str) -> tuple[str, frozenset[Way]]:
    """One step of a list: `anna` for every way, or `anna:sms`, `anna:email,sms`. Raises ValueError with a sentence."""
    person, _, told = words.strip().partition(":")
    ways = frozenset(way for way in SENT if way.value in {each.strip() for each in told.split(",")}) if told else SENT
    if not person or not ways or (told and len(ways) != len(told.split(","))):
        raise ValueError(f'“{words}” is not understood; write a person\'s id, and perhaps how: "anna", "anna:sms"')
    return person, ways
