"""The secret links under which platforms fetch what is taken here.

A link is a number of 160 bits by chance; the store keeps a digest to find it by, and a sealed copy to show. One that is made
anew leaves the old one leading nowhere at once.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import Final

from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.values import ChannelId, Secret, UnitId
from hub.publishing import platform
from hub.store import house, log
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.store.publishing import FEED, Outlet

PATH: Final = "/feeds/"
_BITS: Final = 160
_TOKEN: Final = re.compile(r"[a-z2-7]{32}")


def make_link(tx: Tx, desk: Desk, channel: ChannelId, unit: UnitId, actor: str, *, anew: bool = False) -> str:
    """The path of the calendar for a platform, made if there is none; `anew`: the one before leads nowhere from here on.

    Raises:
        Rejected: there is no such channel, or it is not that unit's.
    """
    row = house.channel_with(tx, channel)
    if row is None:
        raise Rejected(f"there is no channel called “{channel}”")
    if unit not in row.serves:
        raise Rejected(f"“{channel}” has no unit called “{unit}”")
    known, now = rows.outlet(tx, channel, unit), desk.now()
    if known is not None and known.token is not None and not anew:
        return path_of(known, desk)
    outlet = known or rows.open_outlet(tx, channel, unit, FEED, now)
    token = base64.b32encode(desk.below(1 << _BITS).to_bytes(_BITS // 8, "big")).decode().lower()
    sealed = desk.vault.seal(token.encode(), about=_about(outlet))
    rows.change(tx, outlet, digest=_digest(token), token=sealed, platform=platform(row, desk.vault))
    what = "calendar link made" if known is None or known.token is None else "calendar link renewed"
    log.record(tx, now, actor, what, f"channel:{channel}", detail=f"unit {unit}")
    tx.signal("publishing")
    return _path(outlet, token)


def end_link(tx: Tx, desk: Desk, channel: ChannelId, unit: UnitId, actor: str) -> None:
    """Nothing is told there any more. Raises Rejected where there is no link."""
    outlet = rows.outlet(tx, channel, unit)
    if outlet is None or outlet.token is None:
        raise Rejected("there is no such link")
    if outlet.way == FEED:
        rows.close_outlet(tx, outlet)
    else:
        rows.change(tx, outlet, digest=None, token=None)
    log.record(tx, desk.now(), actor, "calendar link revoked", f"channel:{channel}", detail=f"unit {unit}")


def path_of(outlet: Outlet, desk: Desk) -> str:
    """Whoever has it can read which nights are taken."""
    assert outlet.token is not None  # whoever asks has looked
    return _path(outlet, desk.vault.open(outlet.token, about=_about(outlet)).decode())


def find(tx: Tx, channel: str, unit: str, token: str) -> Outlet | None:
    """None: the link leads nowhere, or not any more."""
    outlet = rows.outlet_with(tx, _digest(token)) if _TOKEN.fullmatch(token) else None
    return outlet if outlet is not None and (outlet.channel_id, outlet.unit_id) == (channel, unit) else None


def address(public_url: str | None, here: str, path: str) -> Secret:
    """What is written into the platform's own form. `here`: where the hub is reached from inside, if nowhere else."""
    return Secret(f"{(public_url or here).rstrip('/')}{path}")


def etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def changed_at(outlet: Outlet) -> datetime:
    return max(outlet.changed_at, outlet.made_at)


def _path(outlet: Outlet, token: str) -> str:
    return f"{PATH}{outlet.unit_id}/{outlet.channel_id}/{token}.ics"


def _about(outlet: Outlet) -> str:
    return f"outlet:{outlet.channel_id}:{outlet.unit_id}"


def _digest(token: str) -> str:
    """Of 160 random bits: there is nothing to guess, so nothing to slow down."""
    return hashlib.sha256(token.encode()).hexdigest()
