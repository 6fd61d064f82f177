"""Questions that a person has to answer about stays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import Instant, questions, stays

OF_STAYS: Final = ("closure", "sold", "twin", "gone", "refused", "restored", "refund")
"""The kinds whose subject is a stay."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    kind: str
    subject: str
    sentence: str
    options: tuple[tuple[str, str], ...]
    """(value, words)"""
    asked_at: datetime
    urgent_at: datetime | None = None
    answer: str | None = None
    answered_by: str | None = None


def ask(tx: Tx, question: Question) -> None:
    """Put a question on the day's list; the same open question is asked once, with its newest words."""
    values = {
        "id": question.id,
        "kind": question.kind,
        "subject": question.subject,
        "sentence": question.sentence,
        "options": json.dumps(question.options),
        "urgent_at": question.urgent_at,
        "asked_at": question.asked_at,
    }
    row = insert(questions).values(**values)
    tx.sql.execute(
        row.on_conflict_do_update(
            index_elements=["kind", "subject"],
            index_where=questions.c.answer.is_(None),
            set_={name: values[name] for name in ("sentence", "options", "urgent_at")},
        )
    )
    tx.signal("questions")


def _question(row) -> Question:  # type: ignore[no-untyped-def]
    options = tuple((value, words) for value, words in json.loads(row["options"]))
    return Question(
        row["id"], row["kind"], row["subject"], row["sentence"], options, row["asked_at"], row["urgent_at"],
        row["answer"], row["answered_by"],
    )  # fmt: skip


_OPEN = (
    select(questions)
    .where(questions.c.answer.is_(None))
    .order_by(questions.c.urgent_at.is_(None), questions.c.urgent_at, questions.c.asked_at)
)


def open_questions(tx: Tx) -> list[Question]:
    """The most urgent first."""
    return [_question(row) for row in tx.sql.execute(_OPEN).mappings()]


def any_open(tx: Tx, kind: str) -> bool:
    return any(each.kind == kind for each in open_questions(tx))


def is_open(tx: Tx, kind: str, subject: str) -> bool:
    return _IS_OPEN.first(tx, asked=kind, about=subject) is not None


_IS_OPEN: Final = Prepared(
    select(questions.c.id)
    .where(questions.c.kind == bindparam("asked"), questions.c.subject == bindparam("about"))
    .where(questions.c.answer.is_(None)),
    lambda row: str(row["id"]),
)


def question(tx: Tx, id_: str) -> Question | None:
    row = tx.sql.execute(select(questions).where(questions.c.id == id_)).mappings().first()
    return None if row is None else _question(row)


def answered(tx: Tx, kind: str, subject: str, *, since: datetime | None = None) -> str | None:
    """The last answer to a question, if it was asked and answered (`since` then)."""
    query = select(questions.c.answer).where(
        questions.c.kind == kind, questions.c.subject == subject, questions.c.answer.is_not(None)
    )
    if since is not None:
        query = query.where(questions.c.answered_at >= since)
    return tx.sql.execute(query.order_by(questions.c.answered_at.desc()).limit(1)).scalar()


def answer(tx: Tx, id_: str, value: str, by: str, at: datetime) -> bool:
    """False when somebody else answered first."""
    said = update(questions).where(questions.c.id == id_, questions.c.answer.is_(None))
    tx.signal("questions")
    return tx.sql.execute(said.values(answer=value, answered_by=by, answered_at=at)).rowcount == 1


def withdraw(tx: Tx, kind: str, subject: str, at: datetime) -> None:
    """The question has no object any more."""
    _WITHDRAWN.run(tx, asked=kind, about=subject, now=at)
    tx.signal("questions")


_WITHDRAWN: Final = Prepared(
    update(questions)
    .where(questions.c.kind == bindparam("asked"), questions.c.subject == bindparam("about"))
    .where(questions.c.answer.is_(None))
    .values(answer="withdrawn", answered_by="gatehouse", answered_at=bindparam("now", type_=Instant)),
    lambda _: None,
)


def withdraw_moot(tx: Tx, over: datetime, at: datetime) -> int:
    """Questions about stays that checked out before that, or are gone."""
    matters = select(stays.c.id).where(or_(stays.c.check_out.is_(None), stays.c.check_out > over))
    kinds = questions.c.kind.in_([kind for kind in OF_STAYS if kind != "refund"])  # money is owed however long ago
    moot = update(questions).where(questions.c.answer.is_(None), kinds, questions.c.subject.not_in(matters))
    tx.signal("questions")
    return tx.sql.execute(moot.values(answer="withdrawn", answered_by="gatehouse", answered_at=at)).rowcount
