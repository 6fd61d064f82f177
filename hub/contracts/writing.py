"""What the writing halves of accounts have in common: what may be switched off, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.contracts import Performer
from hub.contracts.accounts import Keys, let_in
from hub.errors import Garbled, Rejected
from hub.io.api import told
from hub.io.http import Answer


class ShowsCodes(Keys):
    """Of a service that has a place for a booking's door code."""

    door_codes: bool = False
    """Everybody who may look into the account sees them there, so somebody has to want that."""


def offered(performers: Mapping[type, Performer | None]) -> Mapping[type, Performer]:
    """Without what is switched off."""
    return {kind: performer for kind, performer in performers.items() if performer is not None}


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
