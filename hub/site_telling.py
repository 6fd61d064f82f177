"""Who is told of what, as a property of a site file says it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from hub.model.alerts import QuietHours, read_quiet_hours, read_step
from hub.model.people import ToldBy
from hub.model.values import PersonId, PropertyId
from hub.store.alerts import Listed, Wishes
from hub.store.house import Origin


def _quiet(value: object) -> object:
    return read_quiet_hours(value) if isinstance(value, str) else value


def _step(value: object) -> object:
    if not isinstance(value, str):
        return value
    person, ways = read_step(value)
    return Listed(PersonId(person), ways)


def _reachable(value: ToldBy, info: ValidationInfo) -> ToldBy:
    if value is ToldBy.SMS and not info.data.get("phone"):
        raise ValueError("needs a phone as well")
    return value


CodesBy = Annotated[ToldBy, AfterValidator(_reachable)]
WISHED: Final = {"quiet_hours": "quiet", "escalation": "people", "booking_news": "readers"}
"""What a property may say of it, as the file and as `Wishes` call that."""
Quiet = Annotated[QuietHours | None, BeforeValidator(_quiet)]
Step = Annotated[Listed, BeforeValidator(_step)]


TELL_HOURS: Final = "tell_hours"


def left_out(said: Collection[str]) -> frozenset[str]:
    """Of `Wishes`, and of when guests are told, what a property of the file leaves to whoever said it before."""
    return frozenset(name for key, name in (WISHED | {TELL_HOURS: TELL_HOURS}).items() if key not in said)


def wishes(id_: str, quiet: QuietHours | None, people: Sequence[Listed], told: Sequence[Listed] | None) -> Wishes:
    """`told`: of bookings; None: the managers."""
    readers = None if told is None else tuple(sorted(told, key=lambda each: each.person))
    return Wishes(PropertyId(id_), quiet, tuple(people), readers, Origin.SITE)
