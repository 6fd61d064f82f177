from __future__ import annotations

import pytest

from drivers.zwave.cc import supervision
from drivers.zwave.cc.supervision import Status
from drivers.zwave.obedience import REPEATED_WITHIN_S, Obedience
from hub.errors import Garbled
from tests.drivers.zwave.fakes import notification

JAMMED = notification(0x0B)


def test_what_is_said_once_is_believed_once_and_answered_each_time() -> None:
    obedience, said = Obedience(), supervision.Get(5, JAMMED)
    first, again, later = (obedience.take(said, now) for now in (0.0, 4.0, 4.0 + REPEATED_WITHIN_S))
    assert [len(believed) for _, believed in (first, again, later)] == [1, 0, 1]
    assert {report for report, _ in (first, again, later)} == {supervision.Report(5, Status.SUCCESS)}


def test_another_session_or_other_words_are_news() -> None:
    obedience = Obedience()
    obedience.take(supervision.Get(5, JAMMED), 0.0)
    assert obedience.take(supervision.Get(6, JAMMED), 0.1)[1]
    assert obedience.take(supervision.Get(6, notification(6)), 0.2)[1]


def test_it_does_not_claim_to_have_understood_what_it_does_not() -> None:
    """SUPERVISION_REPORT_NO_SUPPORT, ZW_classcmd.h."""
    report, _ = Obedience().take(supervision.Get(9, b"\x25\x03\xff"), 0.0)
    assert report == supervision.Report(9, Status.NO_SUPPORT)


def test_what_breaks_a_layout_is_not_answered() -> None:
    with pytest.raises(Garbled):
        Obedience().take(supervision.Get(9, b"\x80\x03"), 0.0)
