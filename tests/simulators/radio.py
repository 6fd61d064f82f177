"""A radio network that does as it is told: what pages, API and commands meet through the door that the real one uses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hub.contracts import Lock
from hub.contracts.radio import (
    CONSENT,
    Asked,
    Echo,
    Ended,
    Joining,
    NodeState,
    Prepared,
    Question,
    Radio,
    RadioNode,
    Reach,
    Survey,
    Talk,
    Wish,
)
from hub.errors import Rejected
from hub.model.facts import Abilities
from hub.model.values import Address, Secret

NOW = datetime(2026, 11, 20, 13, 2, tzinfo=UTC)
DSK = "12345-11111-22222-33333-44444-55555-06666-07777"
TAIL = DSK.partition("-")[2]
GRANTS = ("S2_ACCESS_CONTROL", "S2_AUTHENTICATED")
KEYS = {"S0_Legacy": "5a" * 16, "S2_AccessControl": "a7" * 16}
MEMORY = b"NVM" + bytes(range(200))
STEPS = 6


def node(number: int, **told: object) -> RadioNode:
    given = {
        "model": "BE469ZP",
        "reach": Reach.BEAMED,
        "state": NodeState.ALIVE,
        "security": "S2 Access Control",
        "is_lock": True,
    }
    return RadioNode(Address(str(number)), **(given | told))  # type: ignore[arg-type]


@dataclass
class FakeRadio:
    """One network. `turn` is what happens in the air, `raises` what the next deed ends with."""

    nodes: dict[Address, RadioNode] = field(default_factory=dict)
    locks: dict[Address, Lock] = field(default_factory=dict)
    prepared: dict[str, Prepared] = field(default_factory=dict)
    survey_with: Mapping[str, object] = field(default_factory=dict)
    changed: Callable[[], None] = lambda: None
    raises: Exception | None = None
    keys: dict[str, str] = field(default_factory=lambda: dict(KEYS))
    memory: bytes = MEMORY
    done: list[tuple[object, ...]] = field(default_factory=list)
    talk: Talk | None = None
    label: Secret | None = None
    lines: list[str] = field(
        default_factory=lambda: [
            "13:02:01.204 → node 2: User Code Get 3",
            "13:02:01.611 ← node 2: User Code Report 3, code left out",
        ]
    )
    script: list[Asked | int] = field(default_factory=list)
    """What a conversation goes on with by itself: questions, and at last the node that it is about."""
    _talks: int = 0

    async def run(self) -> None:
        raise AssertionError("nothing runs here")

    # ---- Joining ----

    @property
    def joining(self) -> Joining:
        return self

    def begin(
        self,
        wish: Wish,
        *,
        label: Secret | None = None,
        address: Address | None = None,
        unencrypted: bool = False,
    ) -> Talk:
        self._fail()
        if self.talk is not None and self.talk.ended is None:
            raise Rejected("another conversation is under way")
        _legible(label)
        self.label = label
        self._talks += 1
        self.done.append((wish.value, address, unencrypted))
        sentence = "Waiting for the device: press its button."
        self.talk = Talk(f"t{self._talks}", wish, 1, STEPS, sentence, address=address)
        self._go_on()
        return self.talk

    def answer(self, talk: str, words: str) -> None:
        question = None if self.talk is None else self.talk.question
        if self.talk is None or self.talk.id != talk or question is None:
            raise Rejected("nothing is asked now")
        match question.asked:
            case Asked.PIN if not re.fullmatch(r"\d{5}", words):
                raise Rejected("the PIN has five digits")
            case Asked.GRANT if not set(words.split()) <= set(question.choices):
                raise Rejected("that was not offered")
            case Asked.OLD_ENCRYPTION | Asked.NO_ENCRYPTION if words != CONSENT[question.asked]:
                self.done.append(("answer", question.asked.value, words))
                self.turn(ended=Ended.CANCELLED, sentence="It was not allowed, and the device was taken out again.")
                return
        self.done.append(("answer", question.asked.value, words))
        self.turn(question=None, step=self.talk.step + 1, sentence="Handing over the keys.")
        self._go_on()

    def _go_on(self) -> None:
        match self.script.pop(0) if self.script else None:
            case Asked() as asked:
                self.ask(asked)
            case int() as number:
                self.finish(number)

    def cancel(self, talk: str) -> None:
        if self.talk is None or self.talk.id != talk or self.talk.ended is not None:
            raise Rejected("it is over")
        self.turn(ended=Ended.CANCELLED, question=None, sentence="It was cancelled.")

    def turn(self, **told: object) -> None:
        """The conversation goes on."""
        assert self.talk is not None
        self.talk = replace(self.talk, **told)  # type: ignore[arg-type]
        self.changed()

    def ask(self, asked: Asked) -> None:
        question = Question(
            asked,
            {Asked.GRANT: "Which keys shall it have?", Asked.PIN: "Which five digits stand on its label?"}.get(
                asked, "It can do no better. Shall it be used all the same?"
            ),
            NOW + timedelta(minutes=4),
            GRANTS if asked is Asked.GRANT else (),
            TAIL if asked is Asked.PIN else "",
        )
        self.turn(question=question, step=3, sentence=question.sentence)

    def finish(self, number: int, security: str = "S2_ACCESS_CONTROL") -> None:
        """It is over: a device was joined, or left."""
        assert self.talk is not None
        address = Address(str(number))
        if self.talk.wish is Wish.REMOVE:
            self.nodes.pop(address, None)
            self.locks.pop(address, None)
            self.turn(ended=Ended.DONE, step=STEPS, address=address, sentence="The device left the network.")
            return
        self.meet(number)
        words = "The device is joined."
        self.turn(ended=Ended.DONE, step=STEPS, address=address, security=security, sentence=words)

    def meet(self, number: int) -> None:
        address = Address(str(number))
        self.nodes[address] = node(number, heard_at=NOW, rssi_dbm=-61, sent=12, heard=9)
        self.locks[address] = Lock(address, Abilities("BE469ZP", "1.4", 30, 4, 8, secure="S2 Access Control"))

    # ---- Radio ----

    def survey(self) -> Survey:
        told = {
            "connected": True,
            "stick": "Z-Wave 7.17",
            "network": "c0ffee01",
            "own": Address("1"),
            "nodes": tuple(self.nodes.values()),
            "prepared": tuple(self.prepared.values()),
        }
        return Survey(**(told | dict(self.survey_with)))  # type: ignore[arg-type]

    async def ping(self, address: Address) -> Echo:
        self._do("ping", address)
        return Echo(23.4, -61)

    async def interview(self, address: Address) -> None:
        self._do("interview", address)

    async def heal(self, address: Address | None = None) -> None:
        self._do("heal", address)

    async def forget(self, address: Address) -> None:
        if self.nodes[address].state is not NodeState.DEAD:
            raise Rejected("it still answers")
        self._do("forget", address)
        del self.nodes[address]
        self.locks.pop(address, None)

    async def prepare(self, label: Secret) -> Prepared:
        self._fail()
        _legible(label)
        self.prepared[TAIL] = Prepared(TAIL, NOW)
        return self.prepared[TAIL]

    async def unprepare(self, tail: str) -> None:
        if tail not in self.prepared:
            raise Rejected("no such device is prepared")
        del self.prepared[tail]

    async def back_up(self) -> bytes:
        self._do("back up")
        return self.memory

    async def restore(self, memory: bytes) -> None:
        if not memory.startswith(b"NVM"):
            raise Rejected("it is not a memory of this kind of stick")
        self._do("restore")
        self.memory = memory

    def export_keys(self) -> Secret:
        return Secret(json.dumps(self.keys))

    async def import_keys(self, keys: Secret) -> None:
        try:
            self.keys = json.loads(keys.reveal())
        except ValueError as error:
            raise Rejected("the keys cannot be read") from error

    def trace(self) -> tuple[str, ...]:
        return tuple(self.lines)

    def _do(self, *deed: object) -> None:
        self._fail()
        self.done.append(deed)

    def _fail(self) -> None:
        if self.raises is not None:
            raise self.raises


def _legible(label: Secret | None) -> None:
    if label is None:
        return
    told = label.reveal().strip()
    if not (re.fullmatch(r"(\d{5}-){7}\d{5}", told) or re.fullmatch(r"90\d{50,}", told)):
        raise Rejected(
            "the label cannot be read: it has eight groups of five digits, or is a QR code that begins with 90"
        )


def is_a_radio(fake: FakeRadio) -> Radio:
    """For the type checker: the fake is what the contract says."""
    return fake
