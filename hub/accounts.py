"""Which listing of an account is which unit: seen, and said by a person where the site file does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.errors import Rejected
from hub.model.values import ChannelId, UnitId
from hub.store import house, listings, log
from hub.store.engine import Tx
from hub.store.house import Origin
from hub.store.listings import Unplaced


@dataclass(frozen=True, slots=True)
class Let:
    """One listing of an account."""

    listing: str
    name: str
    unit: UnitId | None
    by_site: bool
    """The site file says which unit it is, so it is changed there."""
    waiting: int
    """Bookings of it that are kept and acted on by nobody."""


@dataclass(frozen=True, slots=True)
class Lets:
    listings: Sequence[Let]
    waiting: Sequence[Unplaced]
    """The bookings of listings that are no unit here."""

    @property
    def strange(self) -> int:
        return sum(each.unit is None for each in self.listings)


def lets(tx: Tx, channel: ChannelId) -> Lets:
    waiting = listings.unplaced_of(tx, channel)
    count = Counter(each.listing for each in waiting)
    found = {
        row.listing: Let(
            row.listing,
            row.name,
            row.unit_id,
            row.origin == Origin.SITE.value and row.unit_id is not None,
            count.get(row.listing, 0),
        )
        for row in listings.listings_of(tx, channel)
    }
    for listing in count.keys() - found.keys():  # a booking may tell of one that the account's own list leaves out
        found[listing] = Let(listing, "", None, False, count[listing])
    return Lets(list(found.values()), waiting)


def join(tx: Tx, channel: ChannelId, listing: str, unit: UnitId | None, actor: str, now: datetime) -> None:
    """From here on that listing is that unit, or none; the account is read again as a whole.

    Raises:
        Rejected: there is no such account, listing or unit, or the site file says it.
    """
    row = house.channel_with(tx, channel)
    if row is None or row.unit is not None:
        raise Rejected(f"there is no account called “{channel}”")
    let = next((each for each in lets(tx, channel).listings if each.listing == listing), None)
    if let is None:
        raise Rejected("the account has no such listing")
    if let.by_site:
        raise Rejected("the site file says which unit that is; change it there")
    if unit is not None and house.unit_with(tx, unit) is None:
        raise Rejected(f"there is no unit called “{unit}”")
    listings.join(tx, channel, listing, unit, Origin.PAGES.value)
    log.record(tx, now, actor, "listing joined", f"channel:{channel}", detail=f"{listing} is {unit or 'no unit'}")
