from __future__ import annotations

import pytest

from drivers.zwave.cc.security import S0SupportedReport, S2SupportedReport
from hub.errors import Garbled


def test_controlled_and_extended_classes_are_left_out() -> None:
    assert S2SupportedReport.decode(bytes.fromhex("62f10563ef80")).classes == {0x62, 0x63}
    assert S0SupportedReport.decode(bytes.fromhex("016263efff")) == S0SupportedReport(frozenset({0x62, 0x63}), 1)


def test_an_empty_list_of_s0_is_cut_short() -> None:
    with pytest.raises(Garbled):
        S0SupportedReport.decode(b"")
