"""Getting to know a node. What it answers is noted at once: after a loss, or a restart, only the rest is asked.

The notes outlive the interview. Whoever asks again what an interview asks finds the answers in them, so that a hub that
has learnt to ask more than before asks only what is new.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, TypeVar

from drivers.zwave import cc
from drivers.zwave.cc import manufacturer_specific, version
from drivers.zwave.cc import security as cc_security
from drivers.zwave.cc.codec import Command, serialize
from drivers.zwave.functions import NodeInfo, ProtocolInfo
from drivers.zwave.interview import Answer, Ask, Confirmed, Grant, confirm, interview
from drivers.zwave.known import TAKEN, Known, Notes
from drivers.zwave.node import Node, Wanted, a
from drivers.zwave.secured import Keyring, NoAgreement
from drivers.zwave.security.keys import STRONGEST_FIRST, SecurityClass
from drivers.zwave.session import Session
from hub.errors import Garbled, Unavailable

_CLASS_OF = {True: cc_security.S2, False: cc_security.S0}
"""By whether a security class is one of S2: the command class by which a node says that it can."""
_IDENTITY = frozenset({manufacturer_specific.CLASS, version.CLASS})
_ANONYMOUS = 3
"""How often a lock that lists the question may leave out who made it before it is used all the same."""
SECURITY = frozenset(_CLASS_OF.values())

T = TypeVar("T")


class Learner:
    """One node's.

    Args:
        speak: switches the node to a key, by its name; empty: to none.
        secure: called when the node says that it can encrypt, before it is asked anything.
        save: called when there are more notes than before.
    """

    def __init__(
        self,
        node: Node,
        keys: Keyring,
        speak: Callable[[Session, str], None],
        secure: Callable[[], None],
        save: Callable[[], None],
    ) -> None:
        self.notes: Notes | None = None
        self.asked = 0
        """Questions that went on the air in the last `learn`."""
        self._overheard: Wanted[Command] | None = None
        """What is believed without encryption at the moment."""
        self._plain: set[int] = set()
        """Classes about which the lock answered only without."""
        self._node = node
        self._keys = keys
        self._speak = speak
        self._secure = secure
        self._save = save

    def forget(self) -> None:
        """Another device stands here now."""
        self.notes = None
        self._plain.clear()

    def begin(self, security: str) -> None:
        """It was given that key when it joined: what it says of itself without encryption cannot take that away."""
        classes = frozenset({_CLASS_OF[SecurityClass[security].is_s2]}) if security else frozenset[int]()
        self.notes = Notes(0, 0, classes, granted=security, described=False)

    def give_up_key(self) -> None:
        """The network has another one now: every key is tried, and everything asked, as with a stranger."""
        if self.notes is not None:
            self.notes = replace(self.notes, granted="", secured=frozenset(), answers={}, complete=False)

    def begin_anew(self, command_class: int | None = None) -> None:
        """Ask everything again, or everything about one class; the key that it answers under is tried first."""
        if self.notes is None:
            return
        if command_class is None:
            self.notes = replace(self.notes, described=False, secured=frozenset(), answers={}, complete=False)
        else:
            about = {hexed: said for hexed, said in self.notes.answers.items() if not _is_about(hexed, command_class)}
            self.notes = replace(self.notes, answers=about, complete=False)

    async def is_same(self, session: Session, known: Known, protocol: ProtocolInfo) -> Confirmed:
        """Raises Unavailable."""
        if (known.generic, known.specific) != (protocol.generic, protocol.specific):
            return Confirmed.OTHER
        if not known.is_lock or known.closed:
            return Confirmed.SAME
        async with self._node.turns.turn():
            return await self._converse(confirm(known), self._ask)

    async def learn(self, session: Session, protocol: ProtocolInfo, *, news: bool = True) -> Known:
        """Ask what is not noted. `news`: also where the bolt is now and how full the battery.

        Raises:
            Unavailable: it left out an answer; those that it gave are noted.
        """
        self.asked = 0
        try:
            notes = await self._described(session, protocol)
            async with self._node.turns.turn():
                grant = await self._grant(session, notes)
                notes = self._noted(
                    granted=grant.security.name if grant else "", secured=grant.classes if grant else frozenset()
                )
                info = NodeInfo(notes.generic, notes.specific, notes.classes)
                questions = interview(protocol, info, session.own_node, grant)
                known = await self._converse(questions, lambda ask: self._recall_or_ask(session, ask, news=news))
            if self.notes is None or self.notes.granted != known.granted:
                raise Unavailable("the network was given other keys meanwhile")
            self._insist(known)
            self._noted(complete=not known.closed)
            return known
        except Unavailable:
            if self.notes is not None:
                self._noted(complete=False)  # or what was left out now would count as never answered
            raise
        finally:
            if self.asked:
                self._save()

    def _insist(self, known: Known) -> None:
        """How long codes must be hangs on who made the lock: with a wrong length it takes them and keeps none.

        Raises:
            Unavailable: it did not say; after some times it is taken for a lock without peculiarities.
        """
        assert self.notes is not None
        anonymous = known.is_lock and not known.closed and known.product is None
        if anonymous and manufacturer_specific.CLASS in known.classes and self.notes.anonymous < _ANONYMOUS:
            self._noted(anonymous=self.notes.anonymous + 1)
            raise Unavailable("the lock did not say who made it")

    # ---- what it is, and under which key -----------------------------------------------------------------------------

    async def _described(self, session: Session, protocol: ProtocolInfo) -> Notes:
        before = self.notes
        if (
            before is not None
            and before.generic
            and (before.generic, before.specific) != (protocol.generic, protocol.specific)
        ):
            before = None
        if before is None or not before.described:
            info = await self._describe(session)
            # It listed its security once: who now says that it has none is not it, or not heard well.
            kept = before.classes & SECURITY if before is not None else frozenset()
            granted = before.granted if before is not None else ""
            before = Notes(protocol.generic, protocol.specific, classes=info.classes | kept, granted=granted)
        elif not before.complete:
            # What was not answered is asked once more.
            before = replace(before, answers={hexed: said for hexed, said in before.answers.items() if said})
        self.notes = before
        return before

    async def _describe(self, session: Session) -> NodeInfo:
        self.asked += 1
        try:
            return await session.node_info(self._node.number)
        except Unavailable as error:
            self._node.failed(str(error))
            raise

    async def _grant(self, session: Session, notes: Notes) -> Grant | None:
        """Try the keys, the strongest first; only under the strongest it was given does a node list what it can."""
        seen = Known(generic=notes.generic, specific=notes.specific, classes=notes.classes)
        if not (seen.is_lock and seen.secure):
            return None
        self._secure()
        if notes.granted and notes.secured and SecurityClass[notes.granted] in self._keys:
            self._speak(session, notes.granted)
            return Grant(SecurityClass[notes.granted], notes.secured)
        least = STRONGEST_FIRST.index(SecurityClass[notes.granted]) if notes.granted else len(STRONGEST_FIRST)
        # It had this key once: a weaker one, which others hold too, is not taken in its place.
        for security in sorted(STRONGEST_FIRST[: least + 1], key=lambda each: each.name != notes.granted):
            if security in self._keys and _CLASS_OF[security.is_s2] in notes.classes:
                self._speak(session, security.name)
                listed = await self._list(security)
                if listed:
                    return Grant(security, listed)
        if notes.granted and SecurityClass[notes.granted] in self._keys:
            # It had this key and will have it again when it is less busy: it is not given up for what it did not say now.
            self._speak(session, notes.granted)
            raise Unavailable("the lock does not answer under its key")
        self._speak(session, "")
        return None

    async def _list(self, security: SecurityClass) -> frozenset[int]:
        self.asked += 1
        with suppress(NoAgreement):
            return await (self._list_s2() if security.is_s2 else self._list_s0())
        return frozenset()

    async def _list_s2(self) -> frozenset[int]:
        report = await self._node.inquire(cc_security.S2SupportedGet(), a(cc_security.S2SupportedReport))
        return report.classes if report else frozenset()

    async def _list_s0(self) -> frozenset[int]:
        """A long list comes in several reports."""
        with self._node.listening(a(cc_security.S0SupportedReport)) as reports:
            report = await self._node.inquire(cc_security.S0SupportedGet(), a(cc_security.S0SupportedReport))
            reports.now()  # the same
            classes = report.classes if report else frozenset()
            while report is not None and report.to_follow:
                report = await reports.within(self._node.report_within_s)
                classes |= report.classes if report else frozenset()
        return classes

    # ---- questions ---------------------------------------------------------------------------------------------------

    @staticmethod
    async def _converse(questions: Generator[Ask, Answer, T], put: Callable[[Ask], Awaitable[Answer]]) -> T:
        answer: Answer = None
        while True:
            try:
                ask = questions.send(answer)
            except StopIteration as end:
                learnt: T = end.value
                return learnt
            answer = await put(ask)

    async def _ask(self, ask: Ask) -> Answer:
        self.asked += 1
        if ask.report is None:
            await self._node.deliver(ask.command)
            return None
        return await self._node.inquire(ask.command, a(ask.report))

    async def _recall_or_ask(self, session: Session, ask: Ask, *, news: bool) -> Answer:
        if ask.news:
            return await self._ask(ask) if news else None
        assert self.notes is not None
        key = serialize(ask.command).hex()
        noted = self.notes.answers.get(key)
        if noted is not None and (ask.report is None or not noted):
            return None
        recalled = _recalled(noted)
        if ask.report is not None and isinstance(recalled, ask.report):
            return recalled
        answer = await self._ask_as_listed(session, ask)
        if answer is None or _tellable(answer):
            said = serialize(answer).hex() if answer else "" if ask.report else TAKEN
            self._noted(answers={**self.notes.answers, key: said})
        return answer

    # ---- without encryption ------------------------------------------------------------------------------------------

    async def _ask_as_listed(self, session: Session, ask: Ask) -> Answer:
        """Encrypted, and then without, where a lock under S0 lists who made it only without encryption.

        Such locks need not answer the encrypted question (SDS10865 7.1: each class may be supported either way).
        Whoever forges the answer makes the hub take the lock for another model, and opens nothing.
        """
        about = ask.command.KEY[0]
        if about not in self._plain:
            answer = await self._ask(ask)
            if answer is not None or not self._only_plain(about):
                return answer
        answer = await self._ask_plainly(session, ask)
        if answer is not None:
            self._plain.add(about)
        return answer

    def _only_plain(self, command_class: int) -> bool:
        notes = self.notes
        if notes is None or notes.granted != SecurityClass.S0.name:
            return False
        return command_class in _IDENTITY & (notes.classes - notes.secured)

    async def _ask_plainly(self, session: Session, ask: Ask) -> Answer:
        assert ask.report is not None
        self.asked += 1
        self._overheard = a(ask.report)
        try:
            with self._node.listening(self._overheard) as reports:
                await session.transmit(self._node.number, serialize(ask.command), urgent=False)
                answer = await reports.within(self._node.report_within_s)
                if answer is None or not session.noisy:
                    return answer
                await session.transmit(self._node.number, serialize(ask.command), urgent=False)
                return answer if await reports.within(self._node.report_within_s) == answer else None
        finally:
            self._overheard = None

    def overhear(self, data: bytes) -> None:
        """What came in the name of a secure lock without encryption: only what was just asked that way is heard."""
        if self._overheard is None:
            return
        with suppress(Garbled):
            command = cc.decode(data)
            if not isinstance(command, cc.Unknown) and self._overheard(command) is not None:
                self._node.hear(command)

    def _noted(self, **changes: Any) -> Notes:
        assert self.notes is not None
        self.notes = replace(self.notes, **changes)
        return self.notes


def _recalled(noted: str | None) -> Command | cc.Unknown | None:
    with suppress(Garbled, ValueError):
        return cc.decode(bytes.fromhex(noted)) if noted else None
    return None


def _tellable(answer: Command) -> bool:
    """What is kept out of a repr is kept out of a file as well."""
    return all(each.repr or not getattr(answer, each.name) for each in fields(answer))  # type: ignore[arg-type]


def _is_about(question: str, command_class: int) -> bool:
    """Versions are asked of Version, but they are about the class that is named."""
    data = bytes.fromhex(question)
    asked_version = data[:2] == bytes(version.CommandClassGet.KEY) and data[2:3] == bytes((command_class,))
    return data[:1] == bytes((command_class,)) or asked_version
