"""The access log: who, how, when; filtered, page by page, and as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest

from hub.model.values import LockId
from hub.store import log
from hub.store.engine import Tx
from tests.web.conftest import Visitor
from tests.web.village import HOUSE, NOW


async def _entries(visitor: Visitor, count: int, who: str = "Anna Berg", lock: str = "front") -> None:
    def note(tx: Tx) -> None:
        for number in range(count):
            at = NOW - timedelta(days=30, seconds=number // 2)
            log.note(tx, log.Entry(at, LockId(lock), HOUSE, log.UNLOCKED, "keypad", f"{who} {number}", 1))

    await visitor.here.hub.store.write(note)


async def test_an_entry_says_who_what_where_and_how(manager: Visitor) -> None:
    text = (await manager.get("/log")).text
    assert "13:31:00 Tom Okafor Unlocked Studio code at the keypad" in text
    assert "13:04:00 Somebody at the door Locked Front door by hand, thumb-turn or key" in text


async def test_the_locks_own_words_are_not_taken_for_a_name(manager: Visitor) -> None:
    assert "13:12:00 Wrong codes Garden room 5 wrong codes" in (await manager.get("/log")).text


async def test_days_have_their_own_heads(manager: Visitor) -> None:
    text = (await manager.get("/log")).text
    assert text.index("Today 13:31") < text.index("Yesterday") < text.index("Wed 18 Nov")


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("lock=studio", "Studio", "Priya Natarajan"),
        ("what=wrong_codes", "Wrong codes", "Tom Okafor"),
        ("until=2026-11-18", "Wed 18 Nov", "Tom Okafor"),
    ],
)
async def test_the_log_can_be_filtered(manager: Visitor, query: str, there: str, not_there: str) -> None:
    text = (await manager.get(f"/log?{query}&part=rows")).text
    assert there in text
    assert not_there not in text


async def test_pages_follow_one_another_without_gaps_or_repeats(manager: Visitor) -> None:
    await _entries(manager, 130)
    seen: list[int] = []
    path = "/log?lock=front"
    while path:
        page = await manager.get(path)
        seen += [int(number) for number in re.findall(r"Anna Berg (\d+)", page.text)]
        older = re.search(r'href="([^"]+)">Older', page.html)
        path = "" if older is None else older[1].replace("&amp;", "&")
    assert sorted(seen) == list(range(130))


async def test_only_the_newest_page_is_live(manager: Visitor) -> None:
    await _entries(manager, 60)
    first = await manager.get("/log")
    assert "sse:log" in first.html
    older = re.search(r'href="([^"]+)">Older', first.html)
    assert older is not None
    assert "sse:log" not in (await manager.get(older[1].replace("&amp;", "&"))).html


@pytest.mark.parametrize("query", ["before=x", "before=2026_1", "until=soon", "lock=none&what=none"])
async def test_nonsense_in_the_address_is_no_failure(manager: Visitor, query: str) -> None:
    assert (await manager.get(f"/log?{query}")).status == 200


async def _csv(visitor: Visitor, query: str = "") -> list[dict[str, str]]:
    answer = await visitor.get(f"/log.csv{query}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.html)))


async def test_the_csv_holds_everything_that_matches(manager: Visitor) -> None:
    await _entries(manager, 1100)
    rows = await _csv(manager, "?lock=front")
    assert len([row for row in rows if row["who"].startswith("Anna Berg ")]) == 1100
    assert {row["lock"] for row in rows} == {"front"}
    assert rows[0]["when"] == "2026-11-20 13:04"
    assert rows[0]["when_utc"] == "2026-11-20T12:04:00+00:00"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x"])
async def test_a_guests_name_is_never_a_formula(manager: Visitor, name: str) -> None:
    await _entries(manager, 1, name, "loft")
    [row] = await _csv(manager, "?lock=loft")
    assert row["who"] == f"'{name} 0"
