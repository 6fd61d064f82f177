"""What the writing halves of accounts have in common: what may be switched off, and what an answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final

from hub.contracts import Performer
from hub.contracts.accounts import Keys, let_in
from hub.errors import Garbled, Rejected, Unavailable
from hub.io.api import told
from hub.io.http import Answer
from hub.model.effects import SetNights
from hub.model.publishing import busy, ranges
from hub.model.stays import nights

_DAY: Final = timedelta(days=1)


class ShowsCodes(Keys):
    """Of a service that has a place for a booking's door code."""

    door_codes: bool = False
    """Everybody who may look into the account sees them there, so somebody has to want that."""


class ClosesNights(Keys):
    """Of a service in whose calendar nights can be closed."""

    block_nights: bool = False
    """Nights that are taken here are closed there."""


class TakesNights(ShowsCodes, ClosesNights):
    """Of a service that does both."""


class Nights:
    """Nights that are brought run by run. What was taken in one try is not sent again in the next."""

    def __init__(self) -> None:
        self._taken: dict[str, frozenset[date]] = {}
        self._anew: dict[str, str] = {}
        """By which word of a person each listing was last begun anew: a try of it that broke off goes on where it did."""

    async def bring(self, effect: SetNights, put: Callable[[date, date, bool], Awaitable[None]]) -> None:
        """`put`: the first night, the last one, and whether they are taken. Raises as `put`; what it did stands."""
        taken, known = busy(effect.taken), self._taken.get(effect.listing, frozenset())
        freed = frozenset(night for first, until in effect.freed for night in nights(first, until)) | (known - taken)
        if effect.anew and self._anew.get(effect.listing) != effect.anew:
            self._anew[effect.listing] = effect.anew
            known -= taken
            self._taken[effect.listing] = known
        for first, until in ranges(freed - taken - effect.theirs):
            await put(first, until - _DAY, False)  # put's own words
            known -= frozenset(nights(first, until))
            self._taken[effect.listing] = known
        for first, until in ranges(taken - known):
            await put(first, until - _DAY, True)
            known |= frozenset(nights(first, until))
            self._taken[effect.listing] = known


def offered(performers: Mapping[type, Performer | None]) -> Mapping[type, Performer]:
    """Without what is switched off."""
    return {kind: performer for kind, performer in performers.items() if performer is not None}


@contextmanager
def before_writing() -> Iterator[None]:
    """Around what is only looked up: nothing was written yet when it goes wrong, and who asked may simply ask again."""
    try:
        yield
    except (Unavailable, Garbled) as error:
        wait = error.wait if isinstance(error, Unavailable) else timedelta(0)
        raise Unavailable(str(error), wait=wait, untouched=True) from error


def done(answer: Answer, what: str) -> Answer:
    """The same answer, if the service did what it was told. Raises Rejected, as `let_in`; what it says goes nowhere."""
    if answer.status in (400, 409, 422):
        raise Rejected(f"{answer.host} does not take it as it is ({answer.status})")
    if answer.status in (404, 410):
        raise Rejected(f"{answer.host} does not know this booking ({answer.status})")
    return let_in(answer, what)


def agreed(answer: Answer, what: str) -> Any:
    """What a service says that may say no with a 200. Raises Rejected, Garbled."""
    found = told(done(answer, what))
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, Mapping) and (each.get("success") is False or each.get("validToken") is False):
            raise Rejected(f"{answer.host} does not take it as it is")
    return found


def record(found: Any, who: str, *path: str) -> Mapping[str, Any]:
    """The object in an answer: itself, or under these names. Raises Garbled."""
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise Garbled(f"{who} answers without what was asked for")
    return found
