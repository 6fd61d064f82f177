"""The table of alert kinds: what holds of every one of them."""

import re
from datetime import timedelta

import pytest

from hub.model.alerts import Kind, Level, Way


def test_every_kind_has_a_word_of_its_own_and_is_found_by_it() -> None:
    assert len({kind.word for kind in Kind}) == len(Kind)
    for kind in Kind:
        assert (Kind.of(kind.word), kind.value) == (kind, kind.word)
        assert re.fullmatch(r"[a-z_]+", kind.word)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.word)
def test_what_is_urgent_waits_for_no_morning_and_finds_somebody_else(kind: Kind) -> None:
    rule = kind.rule
    assert rule.waits_for_morning == (rule.level is not Level.URGENT)
    assert Way.PAGE in rule.ways
    assert rule.gone > timedelta(0)  # else what comes and goes is told again and again
    if rule.level is Level.URGENT:
        assert rule.ways == frozenset(Way)
        assert rule.escalate is not None
        assert rule.lasting <= timedelta(minutes=10)
