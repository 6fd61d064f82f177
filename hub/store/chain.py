"""The audit chain in the store: links added in the transaction of what they tell, so that neither is there alone.

There is one writer (hub/store/engine.py), and a transaction sees the links of those before it in the same commit; one that
is taken back takes its links with it. The form of a link is in hub/model/chain.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Integer, bindparam, delete, desc, func, insert, select, text

from hub.model.chain import HOUSE, Head, Link, cut, sealed
from hub.model.values import GrantId, StayId
from hub.store.engine import Tx
from hub.store.prepared import Bare, Prepared
from hub.store.tables import aliases, chain, grants

GATEHOUSE: Final = "gatehouse"
OF_THE_HOUSE: Final = frozenset({"", GATEHOUSE})

_HEAD = Prepared(
    select(chain.c.number, chain.c.seal).order_by(desc(chain.c.number)).limit(1),
    lambda row: Head(row["number"], row["seal"]),
)
_NEW: Final = Prepared(
    insert(chain).values({each.name: bindparam(each.name, type_=each.type) for each in chain.c}), dict
)


def head(tx: Tx) -> Head:
    return _HEAD.first(tx) or Head()


def append(tx: Tx, at: datetime, kind: str, what: str, outcome: str, **more: object) -> int:
    """Add a link; `more` are the other fields of `Link`. Returns its number.

    `subject` and `actor` must be aliases already, or words of the house.
    """
    last = head(tx)
    link = sealed(replace(Link(last.number + 1, last.seal, cut(at), kind, what, outcome), **more))  # type: ignore[arg-type]
    _NEW.run(
        tx,
        number=link.number,
        at=link.at,
        kind=link.kind,
        what=link.what,
        outcome=link.outcome,
        lock_id=link.lock,
        slot=link.slot,
        subject=link.subject,
        actor=link.actor,
        evidence=link.evidence,
        previous=link.previous,
        seal=link.seal,
    )
    return link.number


_LINKS = (
    select(
        chain.c.number,
        chain.c.previous,
        chain.c.at,
        chain.c.kind,
        chain.c.what,
        chain.c.outcome,
        chain.c.lock_id,
        chain.c.slot,
        chain.c.subject,
        chain.c.actor,
        chain.c.evidence,
        chain.c.seal,
    )
    .where(chain.c.number > bindparam("after", type_=Integer))
    .order_by(chain.c.number)
    .limit(bindparam("limit", type_=Integer))
)


def links(tx: Tx, *, after: int = 0, limit: int = 1000) -> list[Link]:
    """In order, the first one that follows on `after` first."""
    return [Link(*row) for row in tx.sql.execute(_LINKS, {"after": after, "limit": limit})]


def seal_of(tx: Tx, number: int) -> str | None:
    return tx.sql.execute(select(chain.c.seal).where(chain.c.number == number)).scalar()


def of_the_house(tx: Tx, what: str) -> list[Link]:
    """Links of kind `house`: restores and what else befell the chain itself. They are few, but to be found among many."""
    return [Link(*row) for row in tx.sql.execute(_OF_THE_HOUSE, {"what": what})]


_OF_THE_HOUSE = (
    select(*_LINKS.selected_columns)
    .where(text(f"chain.kind = '{HOUSE}'"), chain.c.what == bindparam("what"))
    .order_by(Bare(chain.c.number))
)
"""In so many words: SQLite takes the index of these few only where the statement itself says which they are."""


def about(tx: Tx, alias: str) -> list[Link]:
    """Links that name it, alone or among others. Looks at all that name anybody."""
    found = select(*_LINKS.selected_columns).where(chain.c.subject != "", func.instr(chain.c.subject, alias) > 0)
    return [Link(*row) for row in tx.sql.execute(found.order_by(chain.c.number))]


# ---- aliases --------------------------------------------------------------------------------------------------------

_ALIAS = Prepared(select(aliases.c.alias).where(aliases.c.whose == bindparam("of")), lambda row: str(row["alias"]))
_WORDS: Final = {"stay": "guest", "grant": "code"}


def alias(tx: Tx, whose: str) -> str:
    """Drawn by chance the first time. Whose it is stands in one row, and nowhere else."""
    known = known_alias(tx, whose)
    if known is not None:
        return known
    fresh = f"{_WORDS.get(whose.partition(':')[0], 'person')}-{tx.draw(8).hex()}"
    tx.sql.execute(insert(aliases).values(alias=fresh, whose=whose))
    return fresh


def known_alias(tx: Tx, whose: str) -> str | None:
    return _ALIAS.first(tx, of=whose)


def forget_aliases(tx: Tx, whose: Iterable[str]) -> int:
    """From here on nobody can tell whom their links are about."""
    return tx.sql.execute(delete(aliases).where(aliases.c.whose.in_(list(whose)))).rowcount


_STAY_OF: Final[Prepared[StayId | None]] = Prepared(
    select(grants.c.stay_id).where(grants.c.id == bindparam("of")), lambda row: row["stay_id"]
)


def holder_alias(tx: Tx, grant: GrantId | None) -> str:
    """Of the guest whose code it is, else of the code itself; empty for a code that is not ours."""
    if grant is None:
        return ""
    stay = _STAY_OF.first(tx, of=grant)
    return alias(tx, f"grant:{grant}" if stay is None else f"stay:{stay}")


def actor_alias(tx: Tx, actor: str) -> str:
    return actor if actor in OF_THE_HOUSE else alias(tx, actor)


_ABOUT_A_STAY: Final = frozenset({"stay", "closure", "sold", "twin", "gone", "refused", "restored"})
"""The kinds of subjects in the audit trail that name a stay; the others are questions (hub/store/questions.py)."""
_ABOUT_SOMEBODY: Final = frozenset({"account", "person", "grant", "console", "token"})


def subject_alias(tx: Tx, subject: str) -> str:
    kind, _, id_ = subject.partition(":")
    if kind in _ABOUT_A_STAY:
        return alias(tx, f"stay:{id_}")
    return alias(tx, subject) if kind in _ABOUT_SOMEBODY else subject
