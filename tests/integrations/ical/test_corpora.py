"""Every calendar that icalendar and recurring-ical-events are tested with: no crash, and each event is understood or shown.

`make test` and `make check` fetch the sources of both libraries, in the versions that are locked (Makefile); nothing of theirs
is kept here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from hub.errors import Garbled
from hub.model.values import StayStatus
from tests.integrations.ical.reading import NOW, understood
from tests.integrations.ical.test_fuzz import check

ROOT: Final = Path(__file__).parents[3]
CORPORA: Final = Path(sys.prefix) / "corpora"
_DAY: Final = re.compile(rb"^DTSTART[^\r\n]*?:(\d{4})(\d\d)(\d\d)", re.MULTILINE)
_UID: Final = re.compile(rb"^UID[^:\r\n]*:([^\r\n]*)", re.MULTILINE)
NOT_WHOLE: Final = {
    "big_bad_calendar": "cut off",
    "small_bad_calendar": "cut off",
    "pr_480_summary_with_colon": "cut off",
}
"""Without their last line: refused as a whole, with the reason, as nobody can tell what else is missing."""


def _files() -> Iterator[tuple[str, bytes]]:
    for archive in sorted(CORPORA.glob("*.tar.gz")):
        with tarfile.open(archive) as opened:
            for member in opened:
                file = opened.extractfile(member) if member.isfile() and member.name.endswith(".ics") else None
                if file is not None:
                    yield Path(member.name).stem, file.read()


def _whole(text: bytes) -> bytes:
    """Many are one component alone, which their libraries read as well."""
    if b"BEGIN:VCALENDAR" in text.upper():
        return text
    return b"BEGIN:VCALENDAR\r\nPRODID:-//test//EN\r\n" + text.strip() + b"\r\nEND:VCALENDAR\r\n"


def _events(text: bytes) -> list[bytes]:
    """Without their alarms, which have UIDs of their own."""
    unfolded = re.sub(rb"\r?\n[ \t]", b"", text)
    return re.findall(
        rb"BEGIN:VEVENT.*?END:VEVENT", re.sub(rb"BEGIN:VALARM.*?END:VALARM", b"", unfolded, flags=re.DOTALL), re.DOTALL
    )


def _then(text: bytes) -> list[datetime]:
    """When its events begin, a look for each year and a half: a series that is over by now is not listed any more."""
    found = [tuple(map(int, day)) for event in _events(text) for day in _DAY.findall(event)]
    looks: list[datetime] = []
    for at in sorted(
        datetime(year, month, 1, tzinfo=UTC) for year, month, _ in found if year > 1989 and 0 < month < 13
    ):
        if not looks or at - looks[-1] > timedelta(days=550):
            looks.append(at)
    return looks or [NOW]


@pytest.fixture(scope="module")
def corpora() -> list[tuple[str, bytes]]:
    found = [(name, _whole(text)) for name, text in _files()]
    assert len(found) > 200, f"the corpora are not in {CORPORA}: `make {CORPORA}/.done` fetches them"
    return found


@pytest.mark.parametrize("target", ["check", "test"])
def test_they_are_fetched_before_tests_are_run(target: str, tmp_path: Path) -> None:
    """On a fresh clone."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    said = subprocess.run(
        ["make", "-n", target, f"VENV={tmp_path}/venv"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True
    ).stdout
    assert said.index("pip download") < said.index("bin/pytest")


def test_whatever_is_in_them_is_read_or_refused(corpora: list[tuple[str, bytes]]) -> None:
    for _, text in corpora:
        check(text)


def test_every_event_is_understood_or_shown_with_the_reason(corpora: list[tuple[str, bytes]]) -> None:
    lost, told, refused = Counter[str](), Counter[StayStatus](), dict[str, str]()
    for name, text in corpora:
        try:
            stays = [stay for now in _then(text) for stay in understood(text, zone="Europe/London", now=now)]
        except Garbled as error:
            refused[name] = str(error)
            continue
        told.update(stay.status for stay in stays)
        shown = {re.split(r"[/#]", stay.uid)[0] for stay in stays}
        unnamed = any(stay.uid.startswith("unnamed-") for stay in stays)
        for event in _events(text):
            uid = _UID.search(event)
            known = unnamed if uid is None else re.split(r"[/#]", uid[1].decode().strip())[0] in shown
            lost[name] += not known and b"EXDATE" not in event  # a series may have nothing left but its exceptions
    assert +lost == {}
    assert refused.keys() == NOT_WHOLE.keys()
    assert all(NOT_WHOLE[name] in why for name, why in refused.items())
    assert told[StayStatus.CONFIRMED] > 10 * told[StayStatus.UNUSABLE]
