"""What is dropped, day by day: nothing is kept for longer than hub/model/keeping.py says."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from hub import contacts, forgetting, guests_told, ladder, passes
from hub.hub import Hub
from hub.importing import KEPT as IMPORTS_KEPT
from hub.importing import UNTOUCHED
from hub.model.figures import KEPT as FIGURES_KEPT
from hub.model.keeping import DELIVERIES, LOG_DAYS, MOST_LOG_DAYS
from hub.model.values import ChannelId
from hub.store import (
    alerts,
    batteries,
    booking_news,
    codes,
    figures,
    guest_page,
    holders,
    house,
    imports,
    log,
    mail,
    publishing,
    questions,
    replies,
    staying,
)
from hub.store.engine import Tx

KEEP_ALERTS: Final = timedelta(days=30)
"""After they are over; what they say goes with the access log of their property, if that goes sooner."""

TOKEN_KEPT: Final = timedelta(days=1)
"""Real time, since it was given. With it goes the count of those that an account was given within a day (hub/io/tickets.py)."""


async def tidy(hub: Hub) -> None:
    """Drop what was dealt with long ago: deliveries hold contact data, and nobody needs them any more."""

    def work(tx: Tx) -> None:
        if hub.clock.trusted:
            mail.come_to_now(tx, hub.wall.now())
            alerts.come_to_now(tx, hub.clock.now())
        mail.tidy(tx, hub.wall.now() - DELIVERIES)
        alerts.tidy(tx, hub.clock.now() - KEEP_ALERTS)
        questions.withdraw_moot(tx, staying.since(tx, hub.clock.now()), hub.clock.now())
        passes.tidy(tx, hub.clock.now())
        publishing.tidy(tx, hub.clock.now())
        batteries.forget_old(tx, hub.clock.now() - batteries.KEPT)
        replies.forget_old(tx, hub.wall.now() - timedelta(days=1))
        contacts.mark_old(tx, hub.vault)
        if hub.clock.trusted:
            guest_page.tidy(tx, ladder.span(tx, hub.clock.now()).over)
            forget_tokens(tx, hub)
            booking_news.tidy(tx, hub.clock.now() - KEEP_ALERTS)  # some of it may not be told yet
            imports.tidy(tx, hub.clock.now() - IMPORTS_KEPT, hub.clock.now() - UNTOUCHED)
            figures.tidy(tx, hub.clock.now() - FIGURES_KEPT)
            _purge(tx, hub.clock.now())
            guests_told.tidy(tx, hub.tagbook.ends)

    await hub.store.write(work)
    while hub.clock.trusted and await hub.store.write(lambda tx: forgetting.forget_guests(tx, hub.desk)):
        pass


def _purge(tx: Tx, now: datetime) -> None:
    """A clock that is years ahead would take everything for old; only one that is believed comes here."""
    places = house.properties(tx)
    log.mark_age(tx, now, now - timedelta(days=MOST_LOG_DAYS))
    locks = house.locks(tx)
    for place in places:
        before = now - timedelta(days=place.log_days)
        log.purge(tx, place.id, before, now)
        alerts.unname(tx, place.id, before)
        holders.forget(tx, before, [lock.id for lock in locks if lock.property == place.id])
        forgetting.forget_hours(tx, place, now)
    for lock in locks:
        codes.forget_spent(tx, lock.id, now)  # those of which the lock never heard
    # What is nobody's alone any more, or never was, goes with the first.
    least = now - timedelta(days=min((place.log_days for place in places), default=LOG_DAYS))
    alerts.unname(tx, None, least)
    holders.forget(tx, now - timedelta(days=MOST_LOG_DAYS))


def forget_tokens(tx: Tx, hub: Hub) -> list[ChannelId]:
    """Of channels that were tried and never added, and of those that are gone; returns their names.

    In a transaction, as in another one a channel is added that goes on with what its try was given.
    """
    used = {row.id for row in house.channels(tx)} | hub.config.integrations.keys()
    unused = [file for file in hub.state_dir.glob("integrations/*/token") if file.parent.name not in used]
    old = [file for file in unused if hub.wall.now().timestamp() - file.stat().st_mtime > TOKEN_KEPT.total_seconds()]
    for file in old:
        file.unlink(missing_ok=True)
        with suppress(OSError):  # an account that notes something else keeps it
            file.parent.rmdir()
    return [ChannelId(file.parent.name) for file in old]
