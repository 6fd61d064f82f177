"""Who looked at how a guest is reached, and when: audited once for each person, stay and hour (GDPR, article 5(2))."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from hub.contracts import Clock
from hub.errors import Unavailable
from hub.model.values import StayId
from hub.store import log
from hub.store.engine import Store, Tx

logger = structlog.get_logger("guests")

LOOKED: Final = "look at contact"
ONCE_IN: Final = timedelta(hours=1)
"""Pages ask for themselves again whenever something changes: that is no other look."""


async def looked(store: Store, clock: Clock, stay: StayId, actor: str) -> None:
    """To be called when the e-mail address or telephone of a stay's guest was shown to somebody.

    A full disk hides no guest from the people of the house: then only the journal of the system says it.
    """
    if await store.read(lambda tx: _known(tx, clock, stay, actor)):
        return
    try:
        await store.write(lambda tx: note(tx, clock, stay, actor))
    except Unavailable as error:
        logger.warning("a look at a guest's contact could not be written down", stay=stay, by=actor, why=str(error))


def note(tx: Tx, clock: Clock, stay: StayId, actor: str) -> None:
    if not _known(tx, clock, stay, actor):
        log.record(tx, clock.now(), actor, LOOKED, f"stay:{stay}")


def _known(tx: Tx, clock: Clock, stay: StayId, actor: str) -> bool:
    now = clock.now()
    return log.was_done_by(tx, f"stay:{stay}", LOOKED, actor, now - ONCE_IN, now)
