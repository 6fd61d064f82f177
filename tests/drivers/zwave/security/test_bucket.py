from __future__ import annotations

from drivers.zwave.security.bucket import Bucket


def test_a_burst_is_allowed_and_then_one_at_a_time() -> None:
    bucket = Bucket(3, every=2.0)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(11.9)
    assert bucket.take(12.0)
    assert not bucket.take(12.0)


def test_what_is_given_back_can_be_taken_again() -> None:
    bucket = Bucket(1, every=1.0)
    assert bucket.take(0.0)
    bucket.give_back()
    bucket.give_back()
    assert [bucket.take(0.0) for _ in range(2)] == [True, False]


def test_rest_saves_up_no_more_than_a_burst() -> None:
    bucket = Bucket(2, every=1.0)
    bucket.take(0.0)
    assert [bucket.take(1e6) for _ in range(3)] == [True, True, False]
