"""Past stays from a file on the pages: looked at before anything is written, imported, and taken back."""

from __future__ import annotations

from io import BytesIO

from aiohttp import FormData

from hub import importing
from hub.model.spreadsheets import LARGEST_FILE
from hub.store import imports
from hub.store import stays as ledger
from hub.store.stay_search import Wanted
from tests.web.conftest import Seen, Visitor

HERE = "/stays/import"
FILE = """Confirmation code,Status,Guest name,Contact,Start date,End date,Listing,Price
HM1,Past guest,Bob Dylan,+49 171 2345678,2026-05-13,2026-05-16,Flat 1,300 EUR
HM2,Ancien voyageur,Cy Twombly,,2026-06-03,2026-06-05,Villa Rosa,$5
HM3,Past guest,Di Prima,,2027-06-03,2027-06-05,Flat 1,
"""


async def _send(manager: Visitor, data: bytes, name: str = "reservations.csv") -> Seen:
    form = FormData({"csrf": manager.csrf})
    form.add_field("file", BytesIO(data), filename=name)
    known = {"Origin": manager.url, "Sec-Fetch-Site": "same-origin"}
    async with manager.session.post(manager.url + HERE, data=form, headers=known, allow_redirects=False) as answer:
        return Seen(answer.status, answer.headers, await answer.text())


async def _bring(manager: Visitor, text: str = FILE) -> str:
    answer = await _send(manager, text.encode())
    assert answer.status == 303, answer.text
    return answer.headers["Location"]


async def _guests(manager: Visitor) -> set[str]:
    found = await manager.here.hub.store.read(lambda tx: ledger.search(tx, Wanted(limit=500)))
    return {row.guest for row in found}


async def test_a_file_is_looked_at_imported_and_taken_back(manager: Visitor) -> None:
    before = await _guests(manager)
    assert HERE in (await manager.get("/stays?show=past")).html
    one = await _bring(manager)
    page = await manager.get(one)
    assert "1 new, 2 refused" in page.text
    assert "13 May to 16 May 2026" in page.text
    assert "There is no unit called “Villa Rosa”. Say which unit that is." in page.text
    assert "It is not over: it ends on 2027-06-05. Add it by hand" in page.text
    assert "Which unit is “Villa Rosa”?" in page.text
    assert "What does the status “Ancien voyageur” mean?" in page.text
    assert await _guests(manager) == before, "nothing is written yet"

    said = {"u-Villa Rosa": "flat-2", "s-Ancien voyageur": "stayed", "currency": "usd"}
    columns = {"c-unit": "6", "c-arrival": "4", "c-departure": "5", "c-guest": "2", "c-status": "1", "c-total": "7"}
    assert (await manager.post(f"{one}/reading", **said, **columns)).status == 303
    page = await manager.get(one)
    assert "2 new, 1 refused" in page.text
    assert "5.00 USD" in page.text
    assert "Cy Twombly" not in (await manager.get(f"{one}?show=refused")).text
    assert "Di Prima" in (await manager.get(f"{one}?show=refused")).text

    assert (await manager.post(f"{one}/apply")).status == 303
    assert await _guests(manager) - before == {"Bob Dylan", "Cy Twombly"}
    page = await manager.get(one)
    assert "Undo the import" in page.text
    assert "Bob Dylan" in (await manager.get("/stays?show=past&q=Bob")).text
    assert (await manager.post(f"{one}/undo")).status == 303
    page = await manager.get(one)
    assert "2 stays put back as before." in page.text
    assert await _guests(manager) == before
    assert "Taken back" in (await manager.get(HERE)).text
    assert (await manager.post(f"{one}/discard")).headers["Location"] == HERE
    assert (await manager.get(one)).status == 404


async def test_the_timeline_of_a_stay_says_where_it_came_from(manager: Visitor) -> None:
    one = await _bring(manager)
    await manager.post(f"{one}/apply")
    [bob] = await _timeline(manager, "Bob Dylan")
    assert bob.startswith("Robin imported the stay from a list. 13–16 May Flat 1"), bob
    assert "No codes" in (await manager.get("/stays?show=past&q=Bob")).text

    other = await _bring(manager, FILE.replace("2026-05-16", "2026-05-17").replace("300 EUR", "410 EUR"))
    await manager.post(f"{other}/apply")
    changed, first = await _timeline(manager, "Bob Dylan")
    assert changed.startswith("Robin changed the stay. By a list of past stays Moved from 13–16 May to 13–17 May"), (
        changed
    )
    assert "Price 410.00 EUR, was 300.00 EUR" in changed
    assert first == bob
    await manager.post(f"{other}/undo")
    undone, *before = await _timeline(manager, "Bob Dylan")
    assert undone.startswith("Robin took back what a list had changed. Moved from 13–17 May to 13–16 May"), undone
    assert before == [changed, first]
    assert not any("171 2345678" in each for each in (undone, *before))


async def _timeline(manager: Visitor, guest: str) -> list[str]:
    """Entry by entry, as a person reads it."""
    [stay] = await manager.here.hub.store.read(lambda tx: ledger.search(tx, Wanted(text=guest)))
    page = await manager.get(f"/stays/{stay.id}")
    _, _, rest = page.html.partition('id="timeline"')
    entries = rest.partition("</ol>")[0].split('<span class="dot')[1:]
    return [Seen(200, {}, "<p" + each).text for each in entries]


async def test_what_cannot_be_read_is_said_beside_the_form(manager: Visitor) -> None:
    for data, why in (
        (b"PK\x03\x04", "This is a workbook: open it, and save it as CSV (UTF-8)."),
        (b"", "The file is empty."),
        (b"a,b\n" * (LARGEST_FILE // 4 + 10), "The file is larger than 2 MiB: split it, by year for instance."),
    ):
        answer = await _send(manager, data)
        assert (answer.status, why in answer.text) == (422, True), answer.text[:300]
    assert (await _send(manager, b"", name="")).status == 422
    assert (await manager.post(HERE)).status == 422
    assert (await _send(manager, b"x" * (LARGEST_FILE + 200_000))).status == 413
    assert await manager.here.hub.store.read(imports.all_of_them) == []


async def test_days_that_mean_two_things_are_asked_for(manager: Visitor) -> None:
    one = await _bring(manager, "Guest,Arrival,Departure,Unit\nBob Dylan,03/04/2026,05/04/2026,Flat 1\n")
    page = await manager.get(one)
    assert "Days like 03/04/2026 can be read in two ways" in page.text
    columns = {"c-guest": "0", "c-arrival": "1", "c-departure": "2", "c-unit": "3"}
    await manager.post(f"{one}/reading", dates="month_first", **columns)
    assert "4 Mar to 4 May 2026" in (await manager.get(one)).text
    await manager.post(f"{one}/reading", dates="day_first", **columns)
    assert "3 Apr to 5 Apr 2026" in (await manager.get(one)).text
    await manager.post(f"{one}/reading", **columns | {"c-arrival": ""})
    assert "No column says when they came." in (await manager.get(one)).text


async def test_a_long_file_shows_how_far_it_is_and_pages(manager: Visitor) -> None:
    rows = [f"Guest {n},20{n // 28:02}-01-{n % 28 + 1:02},20{n // 28:02}-01-{n % 28 + 2:02},Flat 1" for n in range(200)]
    one = await _bring(manager, "\n".join(("Guest,Arrival,Departure,Unit", *rows)))
    id_, hub = one.rpartition("/")[2], manager.here.hub
    page = await manager.get(one)
    assert "Being checked" in page.text
    assert "125 of 200" in page.text
    assert (await manager.post(f"{one}/apply")).status == 409
    await importing.drive(hub.store, hub.desk, id_)
    part = await manager.get(f"{one}?part=live", **{"HX-Request": "true"})
    assert "Import 200 stays" in part.text
    assert "Guest 50" not in part.text
    assert "after=50" in part.html
    assert "Guest 50" in (await manager.get(f"{one}?after=50")).text


async def test_lists_that_are_not_there_are_missing(manager: Visitor) -> None:
    assert (await manager.get(f"{HERE}/nowhere")).status == 404
    for deed in ("reading", "apply", "undo", "discard"):
        assert (await manager.post(f"{HERE}/nowhere/{deed}")).status == 404
