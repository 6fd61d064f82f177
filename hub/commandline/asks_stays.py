"""What may be said of stays that come by telephone; hub/stay_commands.py answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hub.commandline.asks import Ask, Day, TimeOfDay
from hub.model.groups import MOST_TOGETHER
from hub.model.price_lines import MOST
from hub.model.values import BESIDES
from hub.model.workflow import Stage

_Guests = Annotated[int, Field(ge=1, le=1000)]
_Count = Annotated[int, Field(ge=0, le=1000)]
_Requests = Annotated[str, Field(max_length=BESIDES["special_requests"])]
_Company = Annotated[str, Field(max_length=BESIDES["company"])]
_Purpose = Annotated[str, Field(max_length=BESIDES["purpose"])]
_Country = Annotated[str, Field(max_length=BESIDES["country"])]


class StayAdd(Ask):
    command = "stay add"

    unit: str
    arrival: Day
    departure: Day
    guest: Annotated[str, Field(min_length=1)]
    phone: str = ""
    email: str = ""
    note: str = ""
    check_in: TimeOfDay | None = None
    check_out: TimeOfDay | None = None
    owner: bool = False
    """The owner's own."""
    guests: _Guests | None = None
    children: _Count | None = None
    infants: _Count | None = None
    pets: _Count | None = None
    awaits_payment: bool = False
    special_requests: _Requests = ""
    company: _Company = ""
    purpose: _Purpose = ""
    country: _Country = ""
    price: str = ""
    """As people write it, e.g. 450.50; in `currency`, or the one of the price that was said last."""
    currency: str = ""
    line: list[str] = Field(default_factory=list, max_length=MOST)
    """What the price is made of, e.g. `Final cleaning 50.00`; without a price, their sum is it."""
    anyway: bool = False
    """In spite of the house's own rules."""
    reference: Annotated[str, Field(max_length=60)] = ""
    also: list[str] = Field(default_factory=list, max_length=MOST_TOGETHER)
    """Further units of the same party, each with how many come there, e.g. `flat-2=3`."""


class StayHold(Ask):
    command = "stay hold"

    unit: str
    arrival: Day
    departure: Day
    label: Annotated[str, Field(max_length=120)] = ""
    """For whom."""
    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 15
    anyway: bool = False


class HoldConfirm(Ask):
    command = "stay hold-confirm"

    hold: str
    guest: str = ""
    """Empty: for whom it was held."""
    guests: _Guests | None = None
    anyway: bool = False


class HoldLetGo(Ask):
    command = "stay hold-let-go"

    hold: str


class StayGroup(Ask):
    command = "stay group"

    stay: str


class StayGroupMove(Ask):
    command = "stay group-move"

    stay: str
    stays: list[str] | None = None
    """Those that whoever asks has seen."""
    arrival: Day | None = None
    departure: Day | None = None
    check_in: TimeOfDay | None = None
    check_out: TimeOfDay | None = None
    anyway: bool = False


class StayGroupCancel(Ask):
    command = "stay group-cancel"

    stay: str
    stays: list[str] | None = None
    in_full: bool = False
    """All of their prices are to be given back."""


class StayGroupRestore(Ask):
    command = "stay group-restore"

    stay: str
    stays: list[str] | None = None
    anyway: bool = False


class StayExtend(Ask):
    command = "stay extend"

    stay: str
    departure: Day | None = None
    check_in: TimeOfDay | None = None
    check_out: TimeOfDay | None = None
    price: str = ""
    currency: str = ""
    line: list[str] = Field(default_factory=list, max_length=MOST)
    unpriced: bool = False
    """Its price is taken away."""
    anyway: bool = False


class StayChanged(StayExtend):
    """What is None stays as it is."""

    command = "stay change"

    arrival: Day | None = None
    guest: Annotated[str, Field(min_length=1)] | None = None
    phone: str | None = None
    email: str | None = None
    note: str | None = None
    guests: _Guests | None = None
    children: _Count | None = None
    infants: _Count | None = None
    pets: _Count | None = None
    special_requests: _Requests | None = None
    company: _Company | None = None
    purpose: _Purpose | None = None
    country: _Country | None = None
    reference: Annotated[str, Field(max_length=60)] | None = None
    uncounted: list[Literal["guests", "children", "infants", "pets"]] = Field(default_factory=list)
    """Nobody says any more how many."""


class StayRestore(Ask):
    command = "stay restore"

    stay: str
    anyway: bool = False


class StayStage(Ask):
    command = "stay stage"

    stay: str
    stage: Stage | None = None
    """None: it is only asked where it stands."""
    why: Annotated[str, Field(max_length=200)] = ""
    anyway: bool = False


class StayMessage(Ask):
    command = "stay message"

    stay: str
    text: Annotated[str, Field(min_length=1, repr=False)]
    channel: str | None = None


class StayTell(Ask):
    command = "stay tell"

    stay: str
    by_hand: bool = False


class StayMessages(Ask):
    command = "stay messages"

    stay: str
