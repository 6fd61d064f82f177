"""Where a door code stands at the platforms, as a program reads it."""

from __future__ import annotations

from hub.model.values import StayId
from tests.web.api.conftest import Api
from tests.web.test_platform_codes import BEDS, GUESTY, furnish


async def test_a_program_reads_where_a_code_stands_and_has_it_told_again(api: Api) -> None:
    stay = StayId(api.stay)
    await furnish(api.hub, stay)
    found = {each["channel"]: each for each in (await api.get(f"/stays/{stay}/platforms")).json["platforms"]}
    assert (found[GUESTY]["where"], found[GUESTY]["at"]) == ("told", "2026-11-21T11:48:00.000Z")
    assert (found[BEDS]["where"], found[BEDS]["stale"]) == ("refused", True)
    answer = await api.post(f"/stays/{stay}/platforms/again", {"channel": BEDS})
    assert (answer.status, {each["where"] for each in answer.json["platforms"]}) == (200, {"told", "coming"})
    assert (await api.post(f"/stays/{stay}/platforms/again", {"channel": BEDS})).status == 409
    assert (await api.get("/stays/nobody/platforms")).status == 404
