"""Whether the audit trail is what it was when it was written: looked at link by link, and against heads kept elsewhere.

A chain proves that nothing inside it was changed. That its end was not cut off, only a head that is kept outside the
database can tell: one is in a file beside it, and one in every backup (hub/store/backup.py); the journal gets one a day.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from hub.contracts import Clock
from hub.errors import Garbled
from hub.findings import Look
from hub.io.files import sync_folder
from hub.model.alerts import Finding, Kind
from hub.model.chain import HOUSE, Head, Wrong, first_wrong, written
from hub.store import backup, chain, log, settings
from hub.store.engine import Store, Tx

PIECE: Final = 500
"""Links looked at in one go; others wait meanwhile, some milliseconds."""
NAME: Final = "audit-head"


@dataclass(frozen=True, slots=True)
class Verdict:
    at: datetime
    links: int
    wrong: str = ""
    """A clause; empty: whole."""
    number: int = 0
    """Of the first link that is wrong."""

    def stored(self) -> str:
        return json.dumps(asdict(self) | {"at": self.at.isoformat()})

    @classmethod
    def read(cls, text: str) -> Verdict:
        told = json.loads(text)
        return cls(datetime.fromisoformat(told["at"]), told["links"], told["wrong"], told["number"])


# ---- the head outside the database ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head as it was at some time."""

    head: Head
    at: datetime
    where: str = "the file beside it"


def anchor_of(folder: Path) -> Anchor | None:
    """Raises Garbled when somebody has written something else there."""
    try:
        told = json.loads((folder / NAME).read_text())
        return Anchor(Head(int(told["number"]), str(told["seal"])), datetime.fromisoformat(told["at"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise Garbled(f"{folder / NAME} does not say what the head of the audit chain was") from error


def keep_anchor(folder: Path, head: Head, at: datetime) -> None:
    fresh = folder / f"{NAME}.new"
    told = {"number": head.number, "seal": head.seal, "at": written(at)}
    with fresh.open("w") as file:
        file.write(json.dumps(told) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(folder / NAME)
    sync_folder(folder)


async def drop_anchor(store: Store, folder: Path, at: datetime, *, anew: bool = False) -> None:
    """Write the head down where what is written there still holds, or `anew`; else it is left for `verify` to tell."""
    head = await store.read(chain.head if anew else lambda tx: _head_beyond(tx, folder))
    if head is not None:
        keep_anchor(folder, head, at)


def _head_beyond(tx: Tx, folder: Path) -> Head | None:
    try:
        last = anchor_of(folder)
    except Garbled:
        return None
    return chain.head(tx) if last is None or holds(tx, last.head) else None


def holds(tx: Tx, head: Head) -> bool:
    """Whether the chain still has what was its head once."""
    return head.number == 0 or chain.seal_of(tx, head.number) == head.seal


def begin(tx: Tx, folder: Path, now: datetime) -> bool:
    """At the start of the hub: after a restore the chain goes on with a link that says so, and so it does when it was cut.

    False: it is not what it was when it was last looked at, and nobody restored anything.
    """
    try:
        last = anchor_of(folder)
    except Garbled:
        last = None
    lost = last is not None and not holds(tx, last.head)
    of = f"{last.head.number} {last.head.seal}" if last is not None and lost else "nothing"
    restored = settings.restored_just_now(tx)
    if restored is not None:
        chain.append(tx, now, HOUSE, "restored", of, evidence=restored, actor=chain.GATEHOUSE)
    elif lost:
        chain.append(tx, now, HOUSE, "broken", of, actor=chain.GATEHOUSE)
    return restored is not None or not lost


# ---- looking --------------------------------------------------------------------------------------------------------


async def verify(store: Store, folder: Path, now: datetime) -> Verdict:
    """Look at every link, at every line of the audit trail that a link stands for, and at every head kept elsewhere.

    In pieces: the hub goes on meanwhile, and what is added while we look is looked at as well.

    Args:
        folder: the hub's `state_dir`; its backups are in it.
    """
    # Before the links: a head that is written down meanwhile may be of a link that is not seen yet.
    outside = [
        Anchor(head, made, f"the backup {file.name}") for file, (made, head) in backup.heads(folder / "backups").items()
    ]
    cut = await store.read(lambda tx: _cut(tx, folder, outside))
    head = Head()
    while True:
        links = await store.read(partial(chain.links, after=head.number, limit=PIECE))
        found = first_wrong(links, head)
        if isinstance(found, Wrong):
            return Verdict(now, head.number, found.why, found.number)
        if not links:
            break
        head = found
    wrong = cut or await _lines(store)
    return Verdict(now, head.number) if wrong is None else Verdict(now, head.number, wrong.why, wrong.number)


async def _lines(store: Store) -> Wrong | None:
    after = log.Looked()
    while True:
        found = await store.read(partial(log.look_at_lines, after=after, limit=PIECE))
        if isinstance(found, Wrong):
            return found
        if found.id == after.id:
            return None
        after = found


def _cut(tx: Tx, folder: Path, backups: Iterable[Anchor]) -> Wrong | None:
    """A head that the chain does not have any more, unless a backup was put in the place of what had it."""
    if settings.restored_and_not_started(tx):
        return None  # the first start writes down what is gone
    try:
        beside = anchor_of(folder)
    except Garbled as error:
        return Wrong(chain.head(tx).number + 1, str(error))
    restored = [(datetime.fromisoformat(link.evidence), link.at) for link in chain.of_the_house(tx, "restored")]
    broken = chain.of_the_house(tx, "broken")
    if broken:
        number = int(broken[0].outcome.split()[0])
        return Wrong(
            number, f"at the start of {written(broken[0].at)} link {number}, which had been the last one, was not there"
        )
    for anchor in (*(() if beside is None else (beside,)), *backups):
        replaced = any(made <= anchor.at <= at for made, at in restored)
        if not replaced and not holds(tx, anchor.head):
            number, at = anchor.head.number, written(anchor.at)
            return Wrong(
                number, f"link {number}, which was the last one at {at} according to {anchor.where}, is not there"
            )
    return None


async def look(store: Store, folder: Path, clock: Clock) -> Verdict:
    """Look, and write down what was found: for the pages, and for those who are told of what is wrong."""
    verdict = await verify(store, folder, clock.now())
    await store.write(lambda tx: settings.keep_audit(tx, verdict.stored()))
    return verdict


def last_look(tx: Tx) -> Verdict | None:
    text = settings.audit(tx)
    return None if text is None else Verdict.read(text)


def findings(look: Look) -> Iterator[Finding]:
    seen = last_look(look.tx)
    if seen is not None and seen.wrong:
        yield Finding(
            Kind.AUDIT_BROKEN,
            "audit",
            f"The audit chain is not what it was: {seen.wrong}.",
            "Keep the backups of before, and ask who could write to this machine. The hub goes on, and adds to what is there.",
            seen.at,
        )
