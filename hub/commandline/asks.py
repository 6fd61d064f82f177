"""What may be asked of a hub, running or not. These words cross the socket; hub/commands.py answers them."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Base64Bytes, BaseModel, BeforeValidator, ConfigDict, Field

from hub.contracts.radio import Wish
from hub.model.people import PersonKind, Scope, ToldBy
from hub.model.values import StayKind


class Ask(BaseModel):
    """One request, with its arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    command: ClassVar[str]
    patience: ClassVar[timedelta] = timedelta(seconds=30)
    """How long a running hub may take to answer, in real time."""

    @property
    def makes_a_house(self) -> bool:
        """Whether it makes sense before there is a database."""
        return False


def _day(value: object) -> object:
    """Pydantic alone would take 20261121 for seconds since 1970."""
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValueError("must be a day, e.g. 2026-11-21")
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError("is not a day that exists") from error
    return value


def _time(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:00)?", value):
            raise ValueError("must be a time of day, e.g. 15:00")
        return time.fromisoformat(value)
    return value


Day = Annotated[date, BeforeValidator(_day)]
TimeOfDay = Annotated[time, BeforeValidator(_time)]


class Apply(Ask):
    command = "apply"

    text: str = Field(repr=False)
    """The site file; its channels' settings may be secret."""
    name: str
    prune: Annotated[int, Field(ge=0, le=2)] = 0
    dry_run: bool = False

    @property
    def makes_a_house(self) -> bool:
        return True


class Status(Ask):
    command = "status"


class Figures(Ask):
    command = "figures"

    days: Literal[7, 30] = 30


class LostNights(Ask):
    command = "lost-nights"

    first: date | None = None
    """Any day of the first month; None: today."""
    months: int = 3


class Codes(Ask):
    command = "codes"

    lock: str | None = None
    stay: str | None = None
    reveal: bool = False


class CodeNow(Ask):
    command = "code now"

    locks: Annotated[tuple[str, ...], Field(min_length=1)]
    label: Annotated[str, Field(min_length=1, max_length=60)]
    until: AwareDatetime | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 366)] | None = None
    """From now, where `until` is not said."""


class CodeAdopt(Ask):
    command = "code adopt"

    lock: str
    slot: int
    label: Annotated[str, Field(max_length=60)] = ""
    person: str | None = None
    """An id, or a name that only one person has; else `label` says whose it is."""
    until: AwareDatetime | None = None
    pin: str | None = Field(None, pattern=r"^[0-9]{4,10}$", repr=False)
    """For a lock that hides its digits."""


class Stays(Ask):
    """Holds are among them: they have the kind `hold`."""

    command = "stay list"

    unit: str | None = None
    past: bool = False
    text: str = ""
    """Found in guest, reference, note, the unit's name, or the end of a telephone number."""
    kind: StayKind | Literal["hold"] | None = None
    first: Day | None = None
    """Only what has this night or a later one."""
    last: Day | None = None


class StayRedraw(Ask):
    command = "stay redraw"

    stay: str


class StayCancel(Ask):
    command = "stay cancel"

    stay: str
    in_full: bool = False
    """All of its price is to be given back."""


# ---- alerts --------------------------------------------------------------------------------------------------------


class Alerts(Ask):
    command = "alerts list"

    over: bool = False


class AlertDo(Ask):
    command = "alerts do"

    alert: str
    deed: Literal["acknowledge", "take back"]


class AlertRules(Ask):
    command = "alerts told"

    property: str
    quiet: str | None = None
    people: tuple[str, ...] | None = None
    bookings: tuple[str, ...] | None = None
    """Who is told of bookings; empty: nobody."""
    managers_read: bool = False
    """The managers are told of bookings."""


class AlertTest(Ask):
    command = "alerts test"

    person: str


class Letters(Ask):
    command = "letter list"


class LetterSettle(Ask):
    command = "letter settle"

    letter: str
    again: bool


# ---- bookings that accounts are told of -----------------------------------------------------------------------------


class Pushes(Ask):
    command = "push list"

    channel: str


class PushAgain(Ask):
    command = "push again"

    channel: str
    stay: str | None = None
    """None: all that failed."""
    real: bool = False
    """In spite of the rehearsal; that one only."""


# ---- people --------------------------------------------------------------------------------------------------------


class People(Ask):
    command = "people list"

    past: bool = False


class PersonAdd(Ask):
    command = "people add"

    name: Annotated[str, Field(min_length=1, max_length=60)]
    what: PersonKind
    property: str | None = None
    phone: str = Field("", repr=False)
    email: str = Field("", repr=False)
    told_by: ToldBy | None = None


class PersonToldBy(Ask):
    command = "people told-by"

    person: str
    """An id, or a name that only one person has."""
    told_by: ToldBy


class PersonDo(Ask):
    command = "people do"

    person: str
    """An id, or a name that only one person has."""
    deed: Literal["leave", "return", "remove"]


class PersonExport(Ask):
    command = "people export"

    person: str


class PassGive(Ask):
    command = "people give"

    person: str
    locks: Annotated[tuple[str, ...], Field(min_length=1)]
    hours: str | None = None
    """As hub/model/passes.py reads them."""
    between_stays: str | None = None
    """A unit's id."""
    longest_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    start: AwareDatetime | None = None
    until: AwareDatetime | None = None
    uses: Annotated[int, Field(ge=1)] | None = None
    name: Annotated[str, Field(max_length=60)] = ""
    note: Annotated[str, Field(max_length=200)] = ""


class PassDo(Ask):
    command = "people pass"

    pass_: str
    deed: Literal["pause", "resume", "end", "reopen", "redraw", "reveal", "tell"]


class SetupCode(Ask):
    command = "setup-code"


class TokenAdd(Ask):
    command = "token add"

    name: str
    scopes: frozenset[Scope]
    days: int


class Tokens(Ask):
    command = "token list"


class TokenRevoke(Ask):
    command = "token revoke"

    token: str


class Backup(Ask):
    command = "backup"
    patience = timedelta(minutes=10)

    folder: str | None = None
    """Absolute; None: the hub's own."""
    new_recovery_key: bool = False


class AuditVerify(Ask):
    command = "audit verify"
    patience = timedelta(minutes=30)


class AuditLinks(Ask):
    command = "audit links"

    after: Annotated[int, Field(ge=0)] = 0


class GuestExport(Ask):
    command = "guest export"

    stay: str


class GuestForesee(Ask):
    command = "guest foresee"

    stay: str


class GuestErase(Ask):
    command = "guest erase"

    stay: str
    confirm: str
    """The stay's id, said once more."""


class GuestKeep(Ask):
    command = "guest keep"

    property: str
    log_days: int | None = None
    """None: as before."""
    guest_days: int | None = None


class RotateKey(Ask):
    command = "rotate-key"
    patience = timedelta(minutes=10)


# ---- emergencies ---------------------------------------------------------------------------------------------------


class Emergencies(Ask):
    command = "emergency list"


class EmergencyPrepare(Ask):
    command = "emergency prepare"

    act: Literal["lock_down", "release", "code", "unlock"]
    reason: str
    property: str | None = None
    lock: str | None = None
    hours: float | None = None
    lockdown: str | None = None
    tell_guest: bool = True


class EmergencyConfirm(Ask):
    command = "emergency confirm"

    id: str


# ---- radios --------------------------------------------------------------------------------------------------------


class RadioStatus(Ask):
    command = "radio status"

    radio: str


class RadioBegin(Ask):
    command = "radio begin"

    radio: str
    wish: Wish
    label: str | None = Field(None, repr=False)
    """What the device's QR code says, or the number on its label; holds its PIN."""
    address: str | None = None
    unencrypted: bool = False


class RadioFollow(Ask):
    """Answered as soon as the conversation is not as it was `seen` any more, and after a while in any case."""

    command = "radio follow"

    radio: str
    talk: str
    seen: str = ""
    """The `stamp` of what was told last."""


class RadioAnswer(Ask):
    command = "radio answer"

    radio: str
    talk: str
    words: str = Field(repr=False)


class RadioCancel(Ask):
    command = "radio cancel"

    radio: str
    talk: str


class RadioWork(Ask):
    """Answered when it is done."""

    command = "radio work"
    patience = timedelta(hours=2)

    radio: str
    work: Literal["ping", "interview", "heal", "forget"]
    address: str | None = None


class RadioPrepare(Ask):
    command = "radio prepare"

    radio: str
    label: str = Field(repr=False)


class RadioUnprepare(Ask):
    command = "radio unprepare"

    radio: str
    tail: str


class RadioBackup(Ask):
    command = "radio backup"
    patience = timedelta(minutes=30)

    radio: str


class RadioRestore(Ask):
    command = "radio restore"
    patience = timedelta(minutes=30)

    radio: str
    memory: Base64Bytes = Field(repr=False)


class RadioKeysExport(Ask):
    command = "radio keys export"

    radio: str


class RadioKeysImport(Ask):
    command = "radio keys import"

    radio: str
    keys: str = Field(repr=False)
    """JSON."""

    @property
    def makes_a_house(self) -> bool:
        """A network is taken over with its keys before the hub meets it for the first time."""
        return True


class RadioTrace(Ask):
    command = "radio trace"

    radio: str
    after: str | None = None
    """A line told earlier: only what came after it, as soon as there is something, and after a while in any case."""
