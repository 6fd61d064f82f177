"""The guest of a stay as they are known from all their stays."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub import returning
from hub.model.values import StayId
from hub.returning import LONGEST_NOTE
from hub.store import stays as ledger
from hub.store.engine import Tx
from web.api.problems import missing
from web.api.routes import Call
from web.api.stays import PriceOut
from web.api.wire import In, Nothing, Out, Told


class NoteOut(Out):
    stay: str = Field(description="at which of the guest's stays it was written down")
    text: str
    at: Told
    by: str


class KnownGuestOut(Out):
    stay: str
    others: list[str] = Field(description="stays with the same e-mail address or telephone, the latest first")
    maybe: list[str] = Field(description="stays under the same name, and nothing else in common")
    stays: int = Field(description="of the guest, this one among them, that are over or under way")
    nights: int
    paid: list[PriceOut] = Field(description="for those, by currency, as far as it is known")
    to_come: int
    cancelled: int
    no_show: int
    notes: list[NoteOut]


def _known(tx: Tx, call: Call) -> KnownGuestOut:
    id_ = StayId(call.path["stay"])
    row = ledger.stay(tx, id_)
    if row is None:
        raise missing("stay", id_)
    guest = returning.guest_of(tx, call.hub.desk, row)
    return KnownGuestOut(
        stay=id_,
        others=[each.id for each in guest.others],
        maybe=[each.id for each in guest.maybe],
        stays=guest.came.stays,
        nights=guest.came.nights,
        paid=[PriceOut(minor=each.minor, currency=each.currency) for each in guest.came.paid],
        to_come=guest.came.to_come,
        cancelled=guest.came.cancelled,
        no_show=guest.came.no_show,
        notes=[NoteOut(stay=each.stay, text=each.text, at=each.at, by=each.by) for each in guest.notes],
    )


async def get_guest(call: Call, query: Nothing, body: Nothing) -> KnownGuestOut:
    return await call.hub.store.read(lambda tx: _known(tx, call))


class NoteIn(In):
    text: Annotated[str, Field(max_length=LONGEST_NOTE, description="empty: no note any more")]


async def note_guest(call: Call, query: Nothing, body: NoteIn) -> KnownGuestOut:
    def work(tx: Tx) -> KnownGuestOut:
        if ledger.stay(tx, StayId(call.path["stay"])) is None:
            raise missing("stay", call.path["stay"])
        returning.note(tx, call.hub.desk, StayId(call.path["stay"]), body.text, call.actor)
        return _known(tx, call)

    return await call.hub.store.write(work)
