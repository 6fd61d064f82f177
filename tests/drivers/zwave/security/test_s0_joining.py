from __future__ import annotations

import pytest

from drivers.zwave.security import s0_joining
from drivers.zwave.security.joining import Admit, Agree, Await, Cancelled, Heard, Joined, Tell, TimedOut, Told
from drivers.zwave.security.keys import S0_JOINING, NetworkKey, SecurityClass
from drivers.zwave.security.s2 import TEMPORARY
from hub.errors import Rejected

KEY = NetworkKey(bytes(range(16)))
SCHEME = Heard(b"\x98\x05\x00", None, 1.0)
VERIFY = b"\x98\x07"


def test_a_device_gets_the_key_and_proves_it() -> None:
    talk = s0_joining.include(KEY)
    assert next(talk) == Tell(b"\x98\x04\x00")
    assert talk.send(Told(0.0)) == Await(10.0)
    assert talk.send(SCHEME) == Agree(S0_JOINING)
    assert talk.send(Told(1.0)) == Admit(SecurityClass.S0)
    assert talk.send(Told(1.0)) == Tell(b"\x98\x06" + KEY.reveal(), TEMPORARY)
    assert talk.send(Told(2.0)) == Await(12.0)
    assert talk.send(Heard(VERIFY, TEMPORARY, 3.0)) == Await(12.0)
    assert talk.send(Heard(VERIFY, None, 3.0)) == Await(12.0)
    with pytest.raises(StopIteration) as end:
        talk.send(Heard(VERIFY, SecurityClass.S0, 3.0))
    only = frozenset({SecurityClass.S0})
    assert end.value.value == Joined(only, only)


@pytest.mark.parametrize(("end", "words"), [(TimedOut(10.0), "did not go on"), (Cancelled(1.0), "cancelled")])
@pytest.mark.parametrize("late", [False, True])
def test_silence_and_cancelling_end_it(end: TimedOut | Cancelled, words: str, late: bool) -> None:
    talk = s0_joining.include(KEY)
    next(talk)
    talk.send(Told(0.0))
    if late:
        for answer in (SCHEME, Told(1.0), Told(1.0), Told(1.0)):
            talk.send(answer)
    with pytest.raises(Rejected, match=words):
        talk.send(end)
