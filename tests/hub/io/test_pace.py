"""hub.io.pace: however requests come, no stretch of time holds more of them than the limit says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hub.io.pace import Bucket, Rate

RATES = st.builds(Rate, st.integers(1, 40), st.sampled_from([1.0, 10.0, 60.0, 300.0])).flatmap(
    lambda rate: st.builds(replace, st.just(rate), at_once=st.integers(0, rate.count))
)


@given(rate=RATES, pauses=st.lists(st.floats(0, 30), max_size=120))
def test_no_stretch_holds_more_than_the_limit(rate: Rate, pauses: list[float]) -> None:
    bucket, now, went = Bucket(rate), 0.0, list[float]()
    for pause in pauses:
        now += pause
        went.append(now + bucket.wait(now))
        bucket.take(now)
    went.sort()
    for start, at in enumerate(went):
        within = [each for each in went[start:] if each < at + rate.seconds - 1e-6]
        assert len(within) <= rate.count


def test_half_of_it_goes_at_once() -> None:
    bucket = Bucket(Rate(10, 10))
    waits = []
    for _ in range(6):
        waits.append(bucket.wait(0.0))
        bucket.take(0.0)
    assert waits == [0, 0, 0, 0, 0, 2.0]


def test_a_small_limit_may_go_at_once() -> None:
    bucket, waits = Bucket(Rate(2, 60, at_once=2)), []
    for now in (0.0, 10.0, 20.0):
        waits.append(bucket.wait(now))
        bucket.take(now)
    assert waits == [0, 0, 40]
    assert not bucket.rested(179)
    assert bucket.rested(181)
