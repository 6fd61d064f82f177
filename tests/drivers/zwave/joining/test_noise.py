"""Whatever is said meanwhile, and by whomever: a conversation ends, nobody gets a key they should not, the driver goes on."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from drivers.zwave.security.keys import SecurityClass
from hub.contracts.radio import Asked, Ended, Wish
from hub.errors import Rejected
from hub.model.values import Address
from tests.drivers.zwave.fakes import FakeLock
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import DSK, Newcomer
from tests.simulators.vloop import run

LONGEST_S = 900.0
"""Two questions, each step of the exchange, and taking a device out again."""

kex = st.builds(lambda command, rest: bytes((0x9F, command)) + rest, st.integers(1, 14), st.binary(max_size=40))
old = st.builds(
    lambda command, rest: bytes((0x98, command)) + rest,
    st.sampled_from([2, 3, 4, 5, 6, 7, 0x40, 0x80, 0x81, 0xC1]),
    st.binary(max_size=30),
)
said = st.tuples(st.just("said"), st.one_of(kex, old, st.binary(max_size=40)))
status = st.tuples(st.just("status"), st.binary(max_size=12))
pause = st.tuples(st.just("pause"), st.sampled_from([0.0, 0.01, 0.1, 1.0, 11.0]))
person = st.tuples(st.just("person"), st.sampled_from(["grant", "pin", "wrong pin", "cancel"]))
events = st.lists(st.one_of(said, status, pause, person), max_size=40)


async def _story(folder: Path, happens: list[tuple[str, object]]) -> None:
    pairing = Pairing(folder, Newcomer(), [FakeLock(node=3)])
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        for kind, what in happens:
            match kind, what:
                case "said", bytes() as command:
                    pairing.stick.say(7, command)
                case "status", bytes() as payload:
                    pairing.stick.request(0x4A, payload)
                case "pause", float() as seconds:
                    await asyncio.sleep(seconds)
                case "person", str() as does:
                    _act(pairing, does)
        async with asyncio.timeout(LONGEST_S):
            while (talk := await pairing.asked(LONGEST_S)).question is not None:
                _act(pairing, "grant" if talk.question.asked is Asked.GRANT else "pin")
        await asyncio.sleep(30)
        if talk.ended is Ended.DONE:
            assert talk.security == "S2_ACCESS_CONTROL"
            assert SecurityClass.S2_ACCESS_CONTROL in pairing.newcomer.held
        else:
            assert Address("7") not in radio.locks
            assert pairing.stick.lock(7) is None or radio.desk.holds(7)
        assert Address("3") in radio.locks
        radio.joining.begin(Wish.REMOVE)
        await pairing.ended()


def _act(pairing: Pairing, does: str) -> None:
    talk = pairing.talk
    if talk.ended is not None:
        return
    if does == "cancel":
        with suppress(Rejected):  # it is being undone
            pairing.cancel()
    elif talk.question is not None:
        wanted = {Asked.GRANT: "grant"}.get(talk.question.asked, "pin")
        if does == "grant" == wanted:
            pairing.say("S2_ACCESS_CONTROL S2_AUTHENTICATED")
        elif does != "grant" and wanted == "pin":
            pairing.say(DSK.pin if does == "pin" else "00001")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events)
@example([("pause", 0.1), ("person", "cancel")])  # in the instant in which the stick finds the device
def test_noise_ends_a_joining_at_worst(happens: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(_story(Path(folder), happens))
