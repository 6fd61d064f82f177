"""A channel is tried before it counts: asked once, read, and told in numbers what would come of it. Nothing is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hub.contracts import Integration
from hub.contracts.accounts import Account
from hub.contracts.diaries import Diary
from hub.errors import Garbled, Unavailable
from hub.manifests import discover
from hub.model.facts import CalendarFailed, CalendarRead, Fact, Listing, StayReport
from hub.model.values import ChannelId, StayKind, StayStatus
from hub.plugins import Plugins

WITHIN_S: Final = 60.0
"""Somebody waits for it at a screen; an account of thousands takes longer, and is read all the same once it is added."""
_TOLD: Final = 12
"""So many different reasons are listed."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """What was read in one try."""

    asked: bool = True
    """False: such a channel calls the hub, or is only brought something, so there is nothing to ask."""
    words: str = ""
    """A calendar that people keep says in its own words what it found."""
    good: bool = True
    """False: it answers, and can still not be used as it is; `words` says why."""
    entries: int = 0
    stays: int = 0
    closures: int = 0
    first: date | None = None
    """The first night that it lists."""
    last: date | None = None
    unclear: tuple[tuple[str, int], ...] = ()
    """What was not understood, or not for certain: why, and of how many entries."""
    listings: tuple[Listing, ...] = ()


async def tried(
    plugins: Plugins, channel: ChannelId, name: str, told: Mapping[str, Any], house: Mapping[str, Any]
) -> Trial:
    """
    Raises:
        Misconfigured: it cannot be started with these settings.
        Unavailable: nobody answered, or not in time.
        Rejected, Garbled: in the other side's words where there are any.
    """
    manifest = discover()[f"integration/{name}"]
    with TemporaryDirectory(prefix="gatehouse-") as folder:
        # An account keeps its token where it will look for it again: Guesty gives five a day (facts/channels.md 1.1).
        # Any other starts from nothing, so that what a calendar's own book says is not written over by another's.
        kept = None if manifest.account else Path(folder)
        integration = plugins.on_trial(channel, name, told, house, kept)
        return await plugins.asked(channel, _asked(integration))


async def _asked(integration: Integration) -> Trial:
    try:
        async with asyncio.timeout(WITHIN_S):
            if isinstance(integration, Diary):
                report = await integration.test()
                return Trial(words=report.words, good=report.good)
            if integration.poll_every is None:
                return Trial(asked=False)
            return _told([fact async for fact in _facts(integration)])
    except TimeoutError as error:
        raise Unavailable("it did not answer within a minute") from error


async def _facts(integration: Integration) -> AsyncIterator[Fact]:
    # Of an account's calendars nothing is told here, and ten of them may take longer than anybody waits for a try.
    fetch = integration.fetch_bookings if isinstance(integration, Account) else integration.fetch
    async for delivery in fetch(None):
        for fact in await integration.parse(delivery):
            yield fact


def _told(facts: Iterable[Fact]) -> Trial:
    reports: list[StayReport] = []
    listings: list[Listing] = []
    for fact in facts:
        match fact:
            case CalendarFailed():
                raise Garbled(fact.why)
            case CalendarRead():
                reports += fact.stays
                listings += fact.listings
            case _:
                pass
    return told_of(reports, listings)


def told_of(reports: Iterable[StayReport], listings: Iterable[Listing] = ()) -> Trial:
    """In numbers; what is cancelled counts for nothing."""
    live = [each for each in reports if each.status is not StayStatus.CANCELLED]
    clear = [each for each in live if each.status is not StayStatus.UNUSABLE]
    kinds = Counter(each.kind for each in clear)
    why = Counter(each.note or "its kind is not known" for each in live if _is_unclear(each))
    arrivals = [each.arrival for each in clear if each.arrival is not None]
    departures = [each.departure for each in clear if each.departure is not None]
    return Trial(
        entries=len(live),
        stays=kinds[StayKind.RESERVATION] + kinds[StayKind.OWNER],
        closures=kinds[StayKind.BLOCK],
        first=min(arrivals, default=None),
        last=max(departures) - _DAY if departures else None,
        unclear=tuple(why.most_common(_TOLD)),
        listings=tuple(listings),
    )


def _is_unclear(report: StayReport) -> bool:
    return report.status is StayStatus.UNUSABLE or report.kind is StayKind.UNKNOWN
