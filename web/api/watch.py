"""How the house is, and what it asks a person."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.health import findings, summary
from hub.model.alerts import Level
from hub.store import questions, restoring, settings
from hub.store.engine import Tx
from hub.store.questions import Question
from web.api.paging import ByName, Page, cut_by_name, position
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class FindingOut(Out):
    level: Level
    kind: str = Field(description="what kind of trouble, as `silent`, `battery_low`; what a kind means never changes")
    about: str = Field(description="as `lock:front`, `stay:…`, `channel:…`, `clock`")
    sentence: str
    cure: str
    since: Told | None


class HealthOut(Out):
    summary: str = Field(description="`well`, or the worst level")
    now: Told = Field(description="the hub's time")
    clock_trusted: bool = Field(description="false: nothing that depends on the time of day is begun or ended")
    safe_mode: bool = Field(description="true: restored from a backup; no new code is given until a person has looked")
    out_of_reach: list[str] = Field(
        description="locks that could not be read since a restore; they are, and asked about, when they are back"
    )
    findings: list[FindingOut] = Field(description="the worst first")


async def get_health(call: Call, query: Nothing, body: Nothing) -> HealthOut:
    clock = call.hub.clock
    found, safe, away = await call.hub.store.read(
        lambda tx: (findings(tx, call.hub), settings.safe_mode(tx), restoring.out_of_reach(tx))
    )
    return HealthOut(
        summary=summary(found),
        now=clock.now(),
        clock_trusted=clock.trusted,
        safe_mode=safe,
        out_of_reach=away,
        findings=[
            FindingOut(
                level=each.level,
                kind=each.kind.word,
                about=each.about,
                sentence=each.sentence,
                cure=each.cure,
                since=each.since,
            )
            for each in found
        ],
    )


class OptionOut(Out):
    value: str
    words: str


class QuestionOut(Out):
    id: str
    kind: str
    subject: str
    sentence: str
    options: list[OptionOut]
    asked_at: Told
    urgent_at: Told | None
    answer: str | None
    answered_by: str | None


class QuestionPage(Page[QuestionOut]):
    pass


def _question(row: Question) -> QuestionOut:
    return QuestionOut(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        sentence=row.sentence,
        options=[OptionOut(value=value, words=words) for value, words in row.options],
        asked_at=row.asked_at,
        urgent_at=row.urgent_at,
        answer=row.answer,
        answered_by=row.answered_by,
    )


async def list_questions(call: Call, query: ByName, body: Nothing) -> QuestionPage:
    """Those that wait for an answer, in the order in which they were asked."""
    rows = await call.hub.store.read(questions.open_questions)
    cut = cut_by_name(rows, lambda row: position(row.asked_at, row.id), query)
    return QuestionPage(items=[_question(row) for row in cut.rows], next=cut.next)


class AnswerIn(In):
    value: Annotated[str, Field(min_length=1, max_length=100, description="`value` of one of the options")]


async def answer_question(call: Call, query: Nothing, body: AnswerIn) -> QuestionOut:
    id_ = call.path["question"]

    def work(tx: Tx) -> QuestionOut:
        if questions.question(tx, id_) is None:
            raise missing("question", id_)
        call.hub.intake.answer(tx, id_, body.value, call.actor)
        answered = questions.question(tx, id_)
        assert answered is not None  # it was there a moment ago, in this same transaction
        return _question(answered)

    return await call.hub.store.write(work)
