"""Where a stay stands between booking and farewell, who moved it there, and a person's word on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub import workflow
from hub.model.values import StayId
from hub.model.workflow import Stage
from hub.store import stays as ledger
from hub.store import steps
from hub.store.engine import Tx
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class StepOut(Out):
    at: Told
    before: Stage | None = Field(description="null: the stay began")
    after: Stage
    by: str
    why: str


class WorkflowOut(Out):
    stage: Stage
    may_become: list[Stage] = Field(description="by a person's word; the rest comes by itself")
    history: list[StepOut] = Field(description="the first comes first")


class StageIn(In):
    stage: Stage
    why: Annotated[str, Field(max_length=200)] = ""


def _look(tx: Tx, id_: StayId) -> WorkflowOut:
    row, stage = ledger.stay(tx, id_), steps.stage(tx, id_)
    if row is None or stage is None:
        raise missing("stay", id_)
    return WorkflowOut(
        stage=stage,
        may_become=workflow.choices(tx, row),
        history=[
            StepOut(at=each.at, before=each.before, after=each.after, by=each.by, why=each.why)
            for each in steps.history(tx, id_)
        ],
    )


async def get_workflow(call: Call, query: Nothing, body: Nothing) -> WorkflowOut:
    return await call.hub.store.read(lambda tx: _look(tx, StayId(call.path["stay"])))


async def say_stage(call: Call, query: Nothing, body: StageIn) -> WorkflowOut:
    id_ = StayId(call.path["stay"])

    def work(tx: Tx) -> WorkflowOut:
        _look(tx, id_)
        workflow.say(tx, call.hub.intake, id_, body.stage, body.why, call.actor)
        return _look(tx, id_)

    return await call.hub.store.write(work)
