"""What a site file says that works, and that its writer may not have meant."""

from __future__ import annotations

from collections.abc import Iterable

from hub.model.availability import rules_of, too_short_a_day
from hub.site import Site, named
from hub.store.bookings import hours_of


def advice(site: Site) -> Iterable[str]:
    """What the operator should know, though it works."""
    for row in site.properties:
        if row.check_out > row.check_in:
            yield (
                f"{named('property', row.id)}: check-out is later than check-in, so the codes of two stays "
                "that follow each other work at the same time."
            )
    said = {row.of: row.own for row in site.rules if row.of is not None}
    for row in site.properties:
        if row.id in said and too_short_a_day(hours_of(row), rules_of(said[row.id])):
            yield f"{named('property', row.id)}: nobody can come on the day on which somebody leaves; its buffer is too long."
    for unit in site.units:
        if not unit.locks:
            yield f"{named('unit', unit.id)} has no lock, so its guests get no code."
    for lock in site.locks:
        passing = [unit.id for unit in site.units if lock.id in unit.locks]
        if len(passing) > 1 and not lock.shared:
            yield f"{named('lock', lock.id)} opens for guests of {' and '.join(passing)} without being called shared."
