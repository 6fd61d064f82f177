"""Two S2 sessions and an adversary who owns the air: frames are lost, doubled, reordered, late, bent and invented."""

from __future__ import annotations

from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drivers.zwave.security import s2
from drivers.zwave.security.keys import NetworkKey, S2Keys, SecurityClass, s2_keys
from drivers.zwave.security.s2 import Link, NeedNonce, NonceArrived, Received, Reply, S2Session, Strength
from hub.errors import Garbled

ACCESS, AUTH = SecurityClass.S2_ACCESS_CONTROL, SecurityClass.S2_AUTHENTICATED
KEYS: dict[Strength, S2Keys] = {ACCESS: s2_keys(NetworkKey(bytes(range(16)))), AUTH: s2_keys(NetworkKey(b"\x07" * 16))}
HUB, LOCK = 0, 1
ENOUGH = 4
"""Attempts within which a message gets through once the air is clear, whatever happened before."""


class Air(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        numbers = count(1)

        def dice(length: int) -> bytes:
            return next(numbers).to_bytes(4, "big").rjust(length, b"\xd1")[-length:]

        self.sides = [S2Session(Link(1, 1, 2), KEYS, dice), S2Session(Link(1, 2, 1), KEYS, dice)]
        self.now = 0.0
        self.flying: list[tuple[int, bytes]] = []
        self.recorded: list[tuple[int, bytes]] = []
        self.said: list[set[bytes]] = [set(), set()]
        self.heard: list[list[bytes]] = [[], []]
        self.numbers = count()
        self.pending: list[tuple[bytes, SecurityClass] | None] = [None, None]

    def launch(self, to: int, frame: bytes) -> None:
        self.flying.append((to, frame))
        self.recorded.append((to, frame))

    def attempt(self, side: int) -> None:
        pending = self.pending[side]
        if pending is None:
            return
        payload, under = pending
        sealed = self.sides[side].encrypt(payload, self.now, under=under)
        if isinstance(sealed, NeedNonce):
            self.launch(1 - side, sealed.ask)
            return
        self.pending[side] = None
        self.said[side].add(payload)
        self.launch(1 - side, sealed)

    def arrive(self, side: int, frame: bytes) -> None:
        try:
            events = self.sides[side].receive(frame, self.now)
        except Garbled:
            return
        for event in events:
            match event:
                case Reply(frame=answer):
                    self.launch(1 - side, answer)
                case NonceArrived():
                    self.attempt(side)
                case Received(payload=payload):
                    self.heard[side].append(payload)

    @rule(side=st.sampled_from([HUB, LOCK]), under=st.sampled_from([ACCESS, ACCESS, ACCESS, AUTH]))
    def say(self, side: int, under: SecurityClass) -> None:
        self.pending[side] = (b"message %d" % next(self.numbers), under)
        self.attempt(side)

    @rule(pick=st.integers(0, 1 << 16), keep=st.booleans())
    def deliver(self, pick: int, keep: bool) -> None:
        """Any frame in flight, not only the first; perhaps it comes again."""
        if self.flying:
            at = pick % len(self.flying)
            side, frame = self.flying[at] if keep else self.flying.pop(at)
            self.arrive(side, frame)

    @rule()
    def deliver_in_order(self) -> None:
        if self.flying:
            self.arrive(*self.flying.pop(0))

    @rule()
    def deliver_everything(self) -> None:
        for _ in range(20):
            self.deliver_in_order()

    @rule(side=st.sampled_from([HUB, LOCK]), times=st.integers(1, 3))
    def converse(self, side: int, times: int) -> None:
        for _ in range(times):
            self.say(side, ACCESS)
            self.deliver_everything()

    @rule(back=st.integers(1, 4))
    def replay_what_was_just_heard(self, back: int) -> None:
        if len(self.recorded) >= back:
            self.arrive(*self.recorded[-back])

    @rule(pick=st.integers(0, 1 << 16))
    def lose(self, pick: int) -> None:
        if self.flying:
            self.flying.pop(pick % len(self.flying))

    @rule(pick=st.integers(0, 1 << 16), back=st.booleans())
    def replay(self, pick: int, back: bool) -> None:
        if self.recorded:
            side, frame = self.recorded[pick % len(self.recorded)]
            self.arrive(1 - side if back else side, frame)

    @rule(pick=st.integers(0, 1 << 16), at=st.integers(2, 1 << 16), flip=st.integers(1, 255))
    def bend(self, pick: int, at: int, flip: int) -> None:
        if self.recorded:
            side, frame = self.recorded[pick % len(self.recorded)]
            where = max(at % len(frame), 2)
            self.arrive(side, frame[:where] + bytes((frame[where] ^ flip,)) + frame[where + 1 :])

    @rule(side=st.sampled_from([HUB, LOCK]), kind=st.integers(1, 3), noise=st.binary(max_size=40))
    def invent(self, side: int, kind: int, noise: bytes) -> None:
        self.arrive(side, bytes((0x9F, kind)) + noise)

    @rule(seconds=st.sampled_from([0.01, 0.3, 0.6, 10.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(side=st.sampled_from([HUB, LOCK]))
    def restart(self, side: int) -> None:
        self.sides[side].forget()

    @rule(side=st.sampled_from([HUB, LOCK]))
    def a_clear_air_lets_a_message_through(self, side: int) -> None:
        self.flying.clear()
        self.pending = [None, None]
        payload = b"clear %d" % next(self.numbers)
        for _ in range(ENOUGH):
            self.now += 10 * s2.NONCE_EVERY_S
            self.pending[side] = (payload, ACCESS)
            self.attempt(side)
            while self.flying:
                self.arrive(*self.flying.pop(0))
            if payload in self.heard[1 - side]:
                return
        raise AssertionError("the two never agreed again")

    @invariant()
    def only_what_was_said_is_heard(self) -> None:
        assert set(self.heard[HUB]) <= self.said[LOCK]
        assert set(self.heard[LOCK]) <= self.said[HUB]

    @invariant()
    def nothing_is_heard_twice(self) -> None:
        for heard in self.heard:
            plain = [each for each in heard if each.startswith(b"message")]
            assert len(plain) == len(set(plain))


Air.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAir = Air.TestCase
