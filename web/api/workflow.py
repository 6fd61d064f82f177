"""Where a stay stands between booking and farewell, who moved it there, a person's word on it, and all that was done to it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from hub import changes, workflow
from hub.bookings import NotFree
from hub.model.values import StayId
from hub.model.workflow import Stage
from hub.store import log, steps
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.log import Deed
from web.api.bookings import not_free
from web.api.paging import Limit, Page, cut
from web.api.problems import missing
from web.api.routes import Call
from web.api.syncs import NumberCursor
from web.api.wire import In, Nothing, Out, Told

_MOST: Final = 500


class StepOut(Out):
    at: Told
    before: Stage | None = Field(description="null: the stay began")
    after: Stage
    by: str
    why: str


class WorkflowOut(Out):
    stage: Stage
    may_become: list[Stage] = Field(description="by a person's word; the rest comes by itself")
    pays_until: Told | None = Field(description="it waits for payment, and is cancelled then unless it is confirmed")
    history: list[StepOut] = Field(description="the first comes first")


class MovedOut(Out):
    id: int
    stay: str
    at: Told
    before: Stage
    after: Stage
    why: str


class MovedPage(Page[MovedOut]):
    pass


class MovedQuery(In):
    cursor: NumberCursor | None = None
    limit: Limit = 50


class DeedOut(Out):
    at: Told
    by: str = Field(description="`account:NAME`, `channel:ID`, `token:NAME`, `gatehouse`, `console` or `guest`")
    what: str = Field(description="as `stay changed`, `stay cancelled`, `code shown`")
    changes: list[str] = Field(
        description="what that changed, in words of the day on which it was written; `moved from 3–7 July to 4–8 July`"
    )
    detail: str = Field(description="of what is no change of the stay")


class StoryOut(Out):
    made_at: Told = Field(description="since when the stay is known")
    channel: str | None = Field(description="which told of it; null: a person added it")
    items: list[DeedOut] = Field(description=f"the latest first, {_MOST} at the most; what its doors did is in `/log`")


class StageIn(In):
    stage: Stage
    why: Annotated[str, Field(max_length=200)] = ""
    anyway: Annotated[
        bool, Field(description="to confirm it in spite of the house's own rules; never of others who stay there")
    ] = False


def _look(tx: Tx, id_: StayId) -> WorkflowOut:
    row, stage = ledger.stay(tx, id_), steps.stage(tx, id_)
    if row is None or stage is None:
        raise missing("stay", id_)
    return WorkflowOut(
        stage=stage,
        may_become=workflow.choices(tx, row),
        pays_until=workflow.pays_until(tx, row),
        history=[
            StepOut(at=each.at, before=each.before, after=each.after, by=each.by, why=each.why)
            for each in steps.history(tx, id_)
        ],
    )


async def get_workflow(call: Call, query: Nothing, body: Nothing) -> WorkflowOut:
    return await call.hub.store.read(lambda tx: _look(tx, StayId(call.path["stay"])))


async def list_moved(call: Call, query: MovedQuery, body: Nothing) -> MovedPage:
    before = None if query.cursor is None else int(query.cursor)
    found = await call.hub.store.read(lambda tx: steps.by_itself(tx, before=before, limit=query.limit + 1))
    page = cut(found, lambda row: str(row.id), query.limit)
    items = [
        MovedOut(
            id=row.id, stay=row.stay, at=row.step.at, before=row.step.before, after=row.step.after, why=row.step.why
        )
        for row in page.rows
        if row.step.before is not None
    ]
    return MovedPage(items=items, next=page.next)


def _deed(deed: Deed) -> DeedOut:
    told = list(changes.parts(deed.detail)) if deed.action in changes.IN_WORDS else []
    detail = "" if told else deed.detail
    return DeedOut(at=deed.at, by=deed.actor, what=deed.action, changes=told, detail=detail)


async def get_history(call: Call, query: Nothing, body: Nothing) -> StoryOut:
    id_ = StayId(call.path["stay"])

    def look(tx: Tx) -> StoryOut:
        row = ledger.stay(tx, id_)
        if row is None:
            raise missing("stay", id_)
        deeds = log.deeds(tx, f"stay:{id_}", limit=_MOST)
        return StoryOut(made_at=row.made_at, channel=row.channel_id, items=[_deed(each) for each in deeds])

    return await call.hub.store.read(look)


async def say_stage(call: Call, query: Nothing, body: StageIn) -> WorkflowOut:
    id_ = StayId(call.path["stay"])

    def work(tx: Tx) -> WorkflowOut:
        _look(tx, id_)
        workflow.say(tx, call.hub.intake, id_, body.stage, body.why, call.actor, anyway=body.anyway)
        return _look(tx, id_)

    try:
        return await call.hub.store.write(work)
    except NotFree as error:
        raise not_free(error) from error
