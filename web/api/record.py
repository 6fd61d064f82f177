"""The record: the audit chain, and what is kept of a guest."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hub import audit, guests
from hub.model.chain import written
from hub.model.values import StayId
from hub.store import chain
from hub.store import stays as ledger
from hub.store.engine import Tx
from web.api.paging import Limit
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told, read_whole


class AuditOut(Out):
    links: int
    head: str = Field(
        description="the seal of the last link: kept elsewhere, it tells later whether anything was changed"
    )
    checked_at: Told | None
    whole: bool | None = Field(description="what the last check found; null: there was none yet")
    wrong: str | None


def _audit(tx: Tx) -> AuditOut:
    head, seen = chain.head(tx), audit.last_look(tx)
    return AuditOut(
        links=head.number,
        head=head.seal,
        checked_at=None if seen is None else seen.at,
        whole=None if seen is None else not seen.wrong,
        wrong=None if seen is None else seen.wrong or None,
    )


async def get_audit(call: Call, query: Nothing, body: Nothing) -> AuditOut:
    return await call.hub.store.read(_audit)


async def check_audit(call: Call, query: Nothing, body: Nothing) -> AuditOut:
    await audit.look(call.hub.store, call.hub.state_dir, call.hub.wall)
    return await call.hub.store.read(_audit)


class LinkOut(Out):
    number: int
    previous: str
    at: str = Field(description="as it is sealed, e.g. 2027-03-01T09:00:00.000Z")
    kind: str
    what: str
    outcome: str
    lock: str | None
    slot: int | None
    subject: str = Field(description="an alias, or something of the house")
    actor: str
    evidence: str
    seal: str


class LinkPage(Out):
    items: list[LinkOut]
    next: int | None = Field(description="`after` of the next page; null: this is the last")


class LinkQuery(In):
    after: Annotated[
        int, Field(ge=0, le=999_999_999, description="only links behind this number"), BeforeValidator(read_whole)
    ] = 0
    limit: Limit = 50


async def list_links(call: Call, query: LinkQuery, body: Nothing) -> LinkPage:
    found = await call.hub.store.read(lambda tx: chain.links(tx, after=query.after, limit=query.limit + 1))
    shown = found[: query.limit]
    return LinkPage(
        items=[
            LinkOut(
                number=each.number, previous=each.previous, at=written(each.at), kind=each.kind,
                what=each.what, outcome=each.outcome,
                lock=each.lock, slot=each.slot, subject=each.subject, actor=each.actor, evidence=each.evidence, seal=each.seal,
            )
            for each in shown
        ],
        next=shown[-1].number if len(found) > query.limit else None,
    )  # fmt: skip


class GuestOut(Out):
    """Everything that is kept of the guest of one stay, with why and how long."""

    stay: str
    data: dict[str, Any]


def _known(tx: Tx, call: Call) -> StayId:
    id_ = StayId(call.path["stay"])
    if ledger.stay(tx, id_) is None:
        raise missing("stay", id_)
    return id_


async def export_guest(call: Call, query: Nothing, body: Nothing) -> GuestOut:
    def work(tx: Tx) -> GuestOut:
        id_ = _known(tx, call)
        return GuestOut(stay=id_, data=guests.export(tx, call.hub.desk, id_, call.actor))

    return await call.hub.store.write(work)


class EraseIn(In):
    confirm: Annotated[str, Field(min_length=1, max_length=60, description="the id of the stay, said once more")]


class ErasedOut(Out):
    stay: str
    log_lines: int
    sentences: int
    remains: list[str] = Field(description="what is kept all the same, and why")


async def erase_guest(call: Call, query: Nothing, body: EraseIn) -> ErasedOut:
    def work(tx: Tx) -> ErasedOut:
        id_ = _known(tx, call)
        done = guests.erase(tx, call.hub.desk, id_, body.confirm, call.actor)
        return ErasedOut(stay=id_, log_lines=done.log_lines, sentences=done.sentences, remains=list(done.remains))

    return await call.hub.store.write(work)
