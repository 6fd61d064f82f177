"""Past stays from files, over the API: brought in, looked at, imported and taken back."""

from __future__ import annotations

import base64
from typing import Any

from hub import importing
from hub.model.people import Scope
from tests.web.api.conftest import Api

HEAD = "Confirmation code,Guest name,Contact,Start date,End date,Listing,Price"
ROWS = ("HM1,Bob,+49 171 2345678,2026-05-01,2026-05-04,Flat 1,300 EUR", "HM2,Cy,,03/06/2026,05/06/2026,Villa,$5")
HERE = "/stay-imports"


def _file(*rows: str, head: str = HEAD) -> dict[str, str]:
    return {"name": "airbnb.csv", "content": base64.b64encode("\n".join((head, *rows)).encode()).decode()}


def _counts(told: Any) -> tuple[int, ...]:
    return told["new"], told["known"], told["changed"], told["refused"]


async def test_a_file_is_checked_read_anew_imported_and_taken_back(api: Api) -> None:
    before = (await api.get("/stays")).json
    brought = await api.post(HERE, _file(*ROWS))
    assert brought.status == 201
    made = brought.json
    assert (made["state"], made["rows"], _counts(made)) == ("checked", 2, (1, 0, 0, 1))
    assert made["open"] == {"columns": [], "dates": True, "units": ["Villa"], "statuses": [], "currency": True}
    assert (await api.get("/stays")).json == before, "nothing is written yet"
    (refused,) = (await api.get(f"{HERE}/{made['id']}/rows?verdict=refused")).json["items"]
    assert (refused["line"], refused["says"], refused["cells"][0]) == (3, None, "HM2")
    assert {fault["what"] for fault in refused["faults"]} == {"unit", "arrival", "total"}

    said = {
        "columns": [{"what": each["what"], "column": each["column"]} for each in made["columns"]],
        "dates": "day_first",
        "units": [{"name": "villa", "unit": "flat-1"}],
        "currency": "usd",
    }
    anew = (await api.post(f"{HERE}/{made['id']}/reading", said)).json
    assert (_counts(anew), any(anew["open"].values())) == ((2, 0, 0, 0), False)
    rows = (await api.get(f"{HERE}/{made['id']}/rows?limit=1")).json
    assert rows["items"][0]["says"]["total_minor"] == 30000
    (second,) = (await api.get(f"{HERE}/{made['id']}/rows?limit=1&cursor={rows['next']}")).json["items"]
    assert (second["says"]["arrival"], second["says"]["currency"]) == ("2026-06-03", "USD")

    done = await api.post(f"{HERE}/{made['id']}/apply")
    assert (done.status, done.json["state"], _counts(done.json)) == (202, "done", (2, 0, 0, 0))
    (row, _) = (await api.get(f"{HERE}/{made['id']}/rows")).json["items"]
    assert (row["says"], row["cells"]) == (None, []), "what has become a stay is kept there"
    stay = (await api.get(f"/stays/{row['stay']}")).json
    assert (stay["guest"], stay["channel"], stay["codes"]["doors"]) == ("Bob", None, 0)
    assert (await api.post(f"{HERE}/{made['id']}/apply")).status == 409
    undone = (await api.post(f"{HERE}/{made['id']}/undo")).json
    assert (undone["state"], undone["undone"], undone["kept"]) == ("undone", 2, 0)
    assert (await api.get("/stays")).json == before
    assert [each["id"] for each in (await api.get(HERE)).json["items"]] == [made["id"]]
    assert (await api.ask("DELETE", f"{HERE}/{made['id']}")).status == 200
    assert (await api.get(HERE)).json["items"] == []


async def test_a_request_that_is_repeated_brings_the_file_once(api: Api) -> None:
    first = await api.post(HERE, _file(*ROWS), key="k-1")
    again = await api.post(HERE, _file(*ROWS), key="k-1")
    assert again.json == first.json
    assert len((await api.get(HERE)).json["items"]) == 1


async def test_a_long_file_goes_on_after_the_answer(api: Api) -> None:
    rows = [
        f"N{n},Guest {n},,20{n // 28:02}-01-{n % 28 + 1:02},20{n // 28:02}-01-{n % 28 + 2:02},Flat 1,"
        for n in range(300)
    ]
    made = (await api.post(HERE, _file(*rows))).json
    assert (made["state"], made["looked_at"]) == ("checking", importing.PART * importing.AT_ONCE)
    assert (await api.post(f"{HERE}/{made['id']}/apply")).status == 409
    await importing.drive(api.hub.store, api.hub.desk, made["id"])
    assert _counts((await api.get(f"{HERE}/{made['id']}")).json) == (300, 0, 0, 0)


async def test_contacts_are_shown_to_those_alone_who_write_stays(api: Api) -> None:
    made = (await api.post(HERE, _file(*ROWS))).json
    reader, writer = await api.token_with(Scope.READ), await api.token_with(Scope.STAYS_WRITE)
    assert (await api.get(f"{HERE}/{made['id']}/rows", token=reader)).status == 403
    assert b"2345678" not in (await api.get(f"{HERE}/{made['id']}", token=reader)).raw
    assert b"2345678" in (await api.get(f"{HERE}/{made['id']}/rows", token=writer)).raw


async def test_what_is_no_list_or_is_not_there_is_refused(api: Api) -> None:
    assert (await api.post(HERE, _file())).json["detail"] == "the file has headings and nothing below them"
    assert (await api.post(HERE, {"name": "x", "content": "no!!"})).status == 422
    made = (await api.post(HERE, _file(*ROWS))).json
    wrong = {"columns": [{"what": "unit", "column": 99}]}
    assert (await api.post(f"{HERE}/{made['id']}/reading", wrong)).json["detail"] == "there is no such column"
    assert (await api.post(f"{HERE}/{made['id']}/undo")).status == 409
    for path in ("", "/rows"):
        assert (await api.get(f"{HERE}/nowhere{path}")).status == 404
    for deed in ("apply", "undo"):
        assert (await api.post(f"{HERE}/nowhere/{deed}")).status == 404
    assert (await api.ask("DELETE", f"{HERE}/nowhere")).status == 404
