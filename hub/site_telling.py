"""Who is told of what, as a property of a site file says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

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
Quiet = Annotated[QuietHours | None, BeforeValidator(_quiet)]
Step = Annotated[Listed, BeforeValidator(_step)]


def wishes(id_: str, quiet: QuietHours | None, people: Sequence[Listed], told: Sequence[Listed] | None) -> Wishes:
    """`told`: of bookings; None: the managers."""
    readers = None if told is None else tuple(sorted(told, key=lambda each: each.person))
    return Wishes(PropertyId(id_), quiet, tuple(people), readers, Origin.SITE)
