from __future__ import annotations

from datetime import timedelta

import pytest

from hub.model.values import LockId, PropertyId
from hub.store import log
from tests.web.api.conftest import NOW, Api


async def walked(api: Api, path: str) -> list[list[object]]:
    """The ids of each page, from the first to the last."""
    pages, cursor = [], ""
    while True:
        page = (await api.get(f"{path}{cursor}")).json
        pages.append([item["id"] for item in page["items"]])
        if page["next"] is None:
            return pages
        cursor = f"&cursor={page['next']}"


@pytest.mark.usefixtures("either_database")
async def test_pages_follow_each_other_without_gap_or_repetition_where_times_are_the_same(api: Api) -> None:
    assert await walked(api, "/access-events?limit=1") == [[2], [1], [4], [3], [6], [5]]
    assert await walked(api, "/access-events?limit=4") == [[2, 1, 4, 3], [6, 5]]
    assert await walked(api, "/access-events?limit=6") == [[2, 1, 4, 3, 6, 5]]


async def test_what_happens_between_two_pages_is_neither_skipped_nor_told_twice(api: Api) -> None:
    first = (await api.get("/access-events?limit=3")).json
    new = log.Entry(
        NOW + timedelta(minutes=1), LockId("front"), PropertyId("sea"), log.LOCKED, "manual", "somebody at the door"
    )
    await api.hub.store.write(lambda tx: log.note(tx, new))
    second = (await api.get(f"/access-events?limit=3&cursor={first['next']}")).json
    assert [item["id"] for item in first["items"] + second["items"]] == [2, 1, 4, 3, 6, 5]


async def test_a_filter_holds_on_every_page(api: Api) -> None:
    assert await walked(api, "/access-events?limit=1&until=2026-11-21T12:00:00Z") == [[4], [3], [6], [5]]


@pytest.mark.usefixtures("either_database")
async def test_lists_by_name_are_paged_too(api: Api) -> None:
    assert await walked(api, "/locks?limit=1") == [["flat"], ["front"]]
    assert len(await walked(api, "/codes?limit=1")) == 3


@pytest.mark.usefixtures("either_database")
async def test_stays_are_paged_by_check_in(api: Api) -> None:
    made = [api.stay]
    for day in (5, 1, 3):
        body = {
            "unit": "flat-1",
            "arrival": f"2026-12-0{day}",
            "departure": f"2026-12-0{day + 1}",
            "guest": f"Guest {day}",
        }
        made.append((await api.post("/stays", body)).json["id"])
    assert await walked(api, "/stays?limit=2") == [[made[0], made[2]], [made[3], made[1]]]
    assert await walked(api, "/stays?limit=1&since=2026-12-02T12:00:00Z") == [[made[3]], [made[1]]]
    assert await walked(api, "/stays?text=guest%203") == [[made[3]]]


async def test_any_position_is_a_place_in_a_list_however_far_off(api: Api) -> None:
    for cursor in ("000000000000-1", "ffffffffffff-999999999999999"):
        assert (await api.get(f"/access-events?cursor={cursor}")).status == 200
    assert (await api.get("/stays?cursor=ffffffffffff-zzz")).json == {"items": [], "next": None, "holds": []}
    assert (await api.get("/locks?cursor=~")).json == {"items": [], "next": None}


@pytest.mark.usefixtures("either_database")
async def test_stays_are_found_by_kind_source_and_unit_and_a_wildcard_is_a_letter(api: Api) -> None:
    body = {"unit": "flat-1", "arrival": "2027-03-01", "departure": "2027-03-03", "guest": "100 % Ada", "anyway": True}
    ada = (await api.post("/stays", body | {"kind": "owner"})).json["id"]
    assert [ada] in await walked(api, "/stays?kind=owner")
    assert [ada] not in await walked(api, "/stays?kind=reservation&limit=1")
    assert [ada] in await walked(api, "/stays?source=here&limit=1")
    assert await walked(api, "/stays?source=nowhere") == [[]]
    assert await walked(api, "/stays?text=100%20%25") == [[ada]]
    assert await walked(api, "/stays?text=1%250") == [[]]
