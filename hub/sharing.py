"""A code that seems to be in more hands than one stay has: told as a notice, and never acted on.

Conservative: families come and go, children play with keypads. Only what no household does is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.values import StayId
from hub.store import log
from hub.store import stays as ledger
from hub.store.engine import Tx

WITHIN: Final = timedelta(hours=1)
MANY: Final = 20
"""Entries with one stay's code within that time, at all of its doors together."""


def many(tx: Tx, stay: StayId, at: datetime) -> bool:
    """Whether its code opened so many doors until then that it is told."""
    return stay in {id_ for id_, _, _ in log.busiest(tx, at - WITHIN, MANY)}


def findings(look: Look) -> Iterator[Finding]:
    for id_, count, first in log.busiest(look.tx, look.now - WITHIN, MANY):
        look.reached(first + WITHIN)
        stay = ledger.stay(look.tx, id_)
        if stay is not None:
            sentence = (
                f"The code of {stay.guest or stay.reference or 'a guest'} opened doors {count} times within an hour."
            )
            cure = "Ask the guest. If somebody else has the code, draw another one on the stay's page."
            yield Finding(Kind.CODE_SHARED, f"stay:{id_}", sentence, cure, first)
