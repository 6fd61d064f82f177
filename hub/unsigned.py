"""Webhooks whose signature or secret is wrong: how long their sender is told to wait, and who is told if it goes on.

A right one is always taken, whoever else calls from its address. Counted by address and for the channel as a whole, so that
whoever comes from ever new addresses is told to wait as well. Nothing of a delivery is kept but where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from hub import guessing, throttle
from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.values import ChannelId
from hub.store import house, people
from hub.store.engine import Tx

_WEBHOOK: Final = "webhook:"
_MOST_ADDRESSES: Final = 3


def refused(tx: Tx, channel: ChannelId, address: str, now: datetime) -> timedelta:
    """How long its sender has to wait; zero: it is counted, and told no more than that it is wrong."""
    ours = f"{_WEBHOOK}{channel}"
    return throttle.count_wrong(tx, (ours, f"{ours} {throttle.neighbourhood(address)}"), now)


def found(look: Look) -> Iterator[Finding]:
    since = look.wall.now() - guessing.QUIET
    counts = {key: each for key, each in people.many_attempts(look.tx, 1, since).items() if key.startswith(_WEBHOOK)}
    for channel in house.channels(look.tx) if counts else ():
        ours = f"{_WEBHOOK}{channel.id}"
        count = counts.get(ours)
        if count is None or count.failures < throttle.ALARMING or not guessing.lasts(look, count):
            continue
        addresses = [key.removeprefix(f"{ours} ") for key in counts if key.startswith(f"{ours} ")]
        shown = ", ".join(addresses[:_MOST_ADDRESSES])
        more = f" and {len(addresses) - _MOST_ADDRESSES} more" if len(addresses) > _MOST_ADDRESSES else ""
        yield Finding(
            Kind.UNSIGNED,
            f"channel:{channel.id}",
            f"Webhooks for {channel.id} come again and again with a wrong signature or secret, {count.failures} that were "
            f"looked at, from {shown}{more}; further ones are told to wait.",
            "Compare its secret on Channels with the one that its service has, and the service's clock with the right "
            "time. If both are right, a stranger tries; what is signed rightly is taken all the same.",
            count.last_at,
        )
