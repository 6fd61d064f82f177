from __future__ import annotations

from datetime import UTC, datetime

import pytest

from web.api.wire import Out, Told, read_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21T12:00:00Z", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("2026-11-21t12:00:00z", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("2026-11-21T12:00:00.25+01:00", datetime(2026, 11, 21, 11, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-21T12:00:00.123456789Z", datetime(2026, 11, 21, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T18:59:60.5-05:00", datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00+01:00", datetime.min.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59-01:00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_as_rfc_3339_writes_it(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21", "2026-11-21T12:00:00", "2026-11-21 12:00:00Z", "2026-11-21T12:00Z", "2026-11-21T12:00:00+0100",
        "2026-02-29T12:00:00Z", "2026-11-21T24:00:01Z", "2026-11-21T12:61:00Z", "2026-11-21T12:00:00+25:00",
        "20261121T120000Z", "2026-11-21T12:00:00Z\n", "٢٠٢٦-11-21T12:00:00Z", "", 1796126400, None,
    ],
)  # fmt: skip
def test_anything_else_is_no_instant(text: object) -> None:
    with pytest.raises(ValueError, match="2026-11-21T15:00:00Z"):
        read_instant(text)


def test_instants_are_told_in_utc_to_the_millisecond() -> None:
    class One(Out):
        at: Told

    assert One(at=datetime(2026, 11, 21, 12, tzinfo=UTC)).model_dump_json() == '{"at":"2026-11-21T12:00:00.000Z"}'
