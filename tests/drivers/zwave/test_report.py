from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.report import TransmitReport, dbm
from hub.errors import Garbled

DIRECT = bytes.fromhex("0004" + "00" + "c4" + "7f7f7f7f" + "00" + "00" + "03" + "00000000" + "43" + "01" + "0000")
ROUTED = bytes.fromhex("0012" + "02" + "a6" + "b0b17f7f" + "00" + "01" + "03" + "05070000" + "02" + "03" + "0507")


def test_a_direct_transmission() -> None:
    assert TransmitReport.decode(DIRECT) == TransmitReport(4, (), -60, 100.0, beamed=True, tries=1)


def test_a_routed_transmission_names_its_repeaters_and_the_link_that_broke() -> None:
    assert TransmitReport.decode(ROUTED) == TransmitReport(18, (5, 7), -90, 40.0, tries=3, failed_link=(5, 7))


@pytest.mark.parametrize(("callback", "report"), [(b"", None), (b"\x00", None), (b"\x01\x02", TransmitReport(258))])
def test_older_sticks_say_less(callback: bytes, report: TransmitReport | None) -> None:
    assert TransmitReport.decode(callback) == report


@pytest.mark.parametrize(
    ("written", "meant"), [(0xC4, -60), (0x80, -128), (0xFF, -1), (0x7D, None), (0x7E, None), (0x7F, None), (11, None)]
)
def test_values_that_stand_for_no_measurement_are_none(written: int, meant: int | None) -> None:
    assert dbm(written) == meant


@given(st.binary(max_size=40))
def test_any_bytes_are_a_report_or_garbled(callback: bytes) -> None:
    try:
        report = TransmitReport.decode(callback)
    except Garbled:
        return
    assert report is None or len(report.repeaters) <= 4
