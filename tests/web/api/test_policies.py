"""What codes are like, over the API."""

from __future__ import annotations

from tests.web.api.conftest import Api


async def test_the_policy_of_a_property_is_changed_field_by_field(api: Api) -> None:
    [place] = (await api.get("/properties")).json["items"]
    path = f"/properties/{place['id']}/code-policy"
    before = (await api.get(path)).json
    answer = await api.post(path, {"kind": "phone", "early_min": 90})
    assert answer.status == 200
    assert answer.json == before | {"kind": "phone", "early_min": 90}
    assert (await api.post(path, {"backups": 4})).json["backups"] == 4
    assert (await api.post(path, {"digits": 5})).json["backups"] == 4
    assert (await api.post(path, {"backups": 6})).status == 422
    assert (await api.post(path, {"digits": 3})).status == 422
    assert (await api.get("/properties/nowhere/code-policy")).status == 404


async def test_one_lock_may_differ(api: Api) -> None:
    answer = await api.post("/locks/front/code-policy", {"digits": 4})
    assert answer.status == 200
    told = answer.json
    assert (told["own"]["digits"], told["own"]["kind"], told["counts"]["digits"]) == (4, None, 4)
    assert (told["own"]["backups"], told["counts"]["backups"]) == (None, 2)
    told = (await api.post("/locks/front/code-policy", {"backups": 0})).json
    assert (told["own"]["backups"], told["counts"]["backups"], told["own"]["digits"]) == (0, 0, None)


async def test_a_stay_is_given_the_code_that_somebody_chose(api: Api) -> None:
    refused = await api.post(f"/stays/{api.stay}/code", {"pin": "123456"})
    assert refused.status == 409
    assert "among the codes that people try first" in refused.json["detail"]
    assert (await api.post(f"/stays/{api.stay}/code", {"pin": "482913"})).status == 200
    assert "482913" in {code["pin"] for code in (await api.get("/codes?reveal=true")).json["items"]}


async def test_a_unit_gets_a_code_whose_digits_are_not_told(api: Api) -> None:
    unit = (await api.get("/units")).json["items"][0]["id"]
    answer = await api.post(f"/units/{unit}/code", {"pin": "482913"})
    assert answer.json == {"unit": unit, "set": True}
    assert (await api.post(f"/units/{unit}/code", {"pin": None})).json == {"unit": unit, "set": False}
