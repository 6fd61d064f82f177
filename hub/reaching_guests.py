"""How a guest learns what happened to their doors: by a message, where any way carries one (hub/guest_messages.py), and on their
page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from hub.errors import Rejected
from hub.guest_messages import GuestMessages
from hub.guest_messages import Way as MessageWay
from hub.io.vault import NOT_OPENED
from hub.model.values import StayId
from hub.store import guest_page as links
from hub.store import house
from hub.store.engine import Tx
from hub.store.stays import StayRow


class How(Enum):
    """How the guest learns of it."""

    MESSAGE = "message"
    """Through their channel or by e-mail; and on their page."""
    PAGE = "page"
    NOBODY = "nobody"
    """Neither reaches them: a person has to."""
    NOT_TOLD = "not_told"
    """Somebody asked not to."""


@dataclass(frozen=True, slots=True)
class Told:
    stay: StayId
    name: str
    how: How

    @property
    def sentence(self) -> str:
        match self.how:
            case How.MESSAGE:
                return f"{self.name} is written to, and finds it on their page."
            case How.PAGE:
                return f"{self.name} finds it on their page."
            case How.NOBODY:
                return f"{self.name} cannot be told from here: tell them yourself."
            case How.NOT_TOLD:
                return f"{self.name} is not told."


def name_of(stay: StayRow) -> str:
    return stay.guest or stay.reference or "The guest"


def reach(tx: Tx, messages: GuestMessages, stay: StayRow, words: str, actor: str, *, once: str = "") -> tuple[How, str]:
    """How they learn it, and which message says so, if one does. `once`: as hub/guest_messages.py has it."""
    if messages.ways(tx, stay).way is MessageWay.OPEN:
        try:
            return How.MESSAGE, messages.write(tx, stay.id, words, actor, once=once).id
        except (Rejected, *NOT_OPENED):
            pass  # their page, or a person, tells them: nothing of it may hold up what is done in an emergency
    return (How.PAGE if links.link_of(tx, stay.id) is not None else How.NOBODY), ""


def letter(tx: Tx, stay: StayRow, sentences: Iterable[str], calling: str, otherwise: str = "") -> str:
    """`calling`: when to call the house, if guests have a number of it; `otherwise`: what to do where they have none."""
    place = house.property_of(tx, stay.unit_id)
    assert place is not None  # a unit belongs to a property
    call = f"{calling}, please call {place.guest_phone}." if place.guest_phone else otherwise
    return f"Hello,\n\n{' '.join(each for each in (*sentences, call) if each)}\n\n{place.name}"
