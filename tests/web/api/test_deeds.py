"""What a program may do: move bolts, add and change stays, give and see codes, make tokens. All of it is audited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.contracts import Lock
from hub.errors import Rejected, Unavailable
from hub.model.facts import Abilities
from hub.model.people import Scope
from hub.model.values import Address, LockId, Position
from hub.store import codes, doors, log
from tests.simulators import building
from tests.simulators.building import Memory, MemoryLock
from tests.web.api.conftest import NOW, Api

STAY: dict[str, Any] = {"unit": "flat-1", "arrival": "2026-12-01", "departure": "2026-12-03", "guest": "Grace Hopper"}


async def deeds(api: Api, subject: str) -> list[tuple[str, str, str]]:
    found = await api.hub.store.read(lambda tx: log.deeds(tx, subject))
    return [(deed.actor.split(" (")[0], deed.action, deed.outcome) for deed in found]


# ---- bolts ----------------------------------------------------------------------------------------------------------


async def test_lock_and_unlock_move_the_bolt_and_say_what_became_of_it(api: Api) -> None:
    unlocked, locked = await api.post("/locks/front/unlock"), await api.post("/locks/front/lock")
    assert unlocked.json == {"outcome": "done", "sentence": "Front is unlocked."}
    assert locked.json == {"outcome": "done", "sentence": "Front is locked."}
    assert api.bolt.moves == [Position.UNLOCKED, Position.LOCKED]
    assert await deeds(api, "lock:front") == [("token:Tests", "lock", "done"), ("token:Tests", "unlock", "done")]


@pytest.mark.parametrize(
    ("error", "outcome"), [(Rejected("the bolt is jammed"), "refused"), (Unavailable("no answer"), "unknown")]
)
async def test_what_the_lock_says_is_handed_on(api: Api, error: Exception, outcome: str) -> None:
    async def fail(to: Position) -> Position:
        raise error

    api.bolt.instead = fail
    answer = await api.post("/locks/front/unlock")
    assert (answer.status, answer.json["outcome"]) == (200, outcome)
    assert await deeds(api, "lock:front") == [("token:Tests", "unlock", outcome)]


async def test_a_lock_under_s0_is_unlocked_only_once_somebody_accepted_the_risk(api: Api) -> None:
    able = Abilities("BE469", "1.2", slots=30, secure="S0")
    await api.hub.store.write(lambda tx: doors.learn_abilities(tx, LockId("front"), able))
    assert (await api.post("/locks/front/unlock")).json["outcome"] == "refused"
    assert (await api.post("/locks/front/unlock-over-s0/allow", {"words": "ok"})).status == 409
    allowed = (await api.post("/locks/front/unlock-over-s0/allow", {"words": "unlock over S0"})).json
    assert (allowed["secure"], allowed["remote_unlock_over_s0"]) == ("S0", True)
    assert (await api.post("/locks/front/unlock")).json["outcome"] == "done"
    assert (await api.post("/locks/front/unlock-over-s0/forbid")).json["remote_unlock_over_s0"] is False
    assert (await api.post("/locks/front/unlock")).json["outcome"] == "refused"
    assert (await api.post("/locks/attic/unlock-over-s0/allow", {"words": "unlock over S0"})).status == 404
    unlocks = await api.token_with(Scope.UNLOCK)
    body = {"words": "unlock over S0"}
    assert (await api.post("/locks/front/unlock-over-s0/allow", body, token=unlocks)).status == 403


async def test_a_lock_that_cannot_be_moved_from_here_is_not_tried(api: Api) -> None:
    answer = await api.post("/locks/flat/unlock")
    assert (answer.status, answer.json["code"]) == (409, "refused")
    assert (await api.post("/locks/attic/unlock")).status == 404
    assert await deeds(api, "lock:flat") == []


# ---- stays ----------------------------------------------------------------------------------------------------------


async def test_a_stay_added_here_has_the_times_of_the_house_and_a_code_on_every_door(api: Api) -> None:
    stay = (await api.post("/stays", STAY | {"phone": "+49 170 7654321", "note": "late"})).json
    told = {
        key: stay[key] for key in ("status", "kind", "check_in", "check_out", "phone_last4", "note", "channel", "codes")
    }
    assert told == {
        "status": "confirmed", "kind": "reservation", "check_in": "2026-12-01T14:00:00.000Z",
        "check_out": "2026-12-03T10:00:00.000Z", "phone_last4": "4321", "note": "late", "channel": None,
        "codes": {"doors": 2, "proven": 0, "refused": 0},
    }  # fmt: skip
    assert (await api.get(f"/stays/{stay['id']}")).json == stay
    assert await deeds(api, f"stay:{stay['id']}") == [("token:Tests", "stay added", "done")]


async def test_a_stay_may_come_early_leave_late_and_stay_longer(api: Api) -> None:
    said = {"special_requests": "A crib", "country": "Italy"}
    added = (await api.post("/stays", STAY | {"check_in": "12:30"} | said)).json
    assert {name: added[name] for name in said} == said
    id_ = added["id"]
    longer = (await api.post(f"/stays/{id_}/extend", {"departure": "2026-12-05", "check_out": "14:00"})).json
    assert (longer["check_in"], longer["check_out"]) == ("2026-12-01T11:30:00.000Z", "2026-12-05T13:00:00.000Z")
    anew = {
        "arrival": "2026-12-02",
        "guest": "Ada King",
        "guests": 3,
        "children": 1,
        "infants": 0,
        "pets": 1,
        "note": "",
        "special_requests": "A cot.\nLate dinner.",
        "company": "Analytical Ltd",
        "purpose": "business",
        "country": "",
    }
    told = (await api.post(f"/stays/{id_}/change", anew)).json
    assert {name: told[name] for name in anew} == anew
    assert (told["adults"], told["platform"], told["source_status"]) == (2, "", "")
    unchanged = (await api.post(f"/stays/{id_}/extend", {"departure": None})).json
    assert unchanged["departure"] == "2026-12-05"


async def test_a_stay_may_wait_for_payment(api: Api) -> None:
    stay = (await api.post("/stays", STAY | {"awaits_payment": True})).json
    assert (stay["status"], stay["codes"]["doors"]) == ("tentative", 0)
    stands = (await api.get(f"/stays/{stay['id']}/workflow")).json
    assert (stands["stage"], stands["may_become"]) == ("payment_pending", ["confirmed", "cancelled"])
    assert stands["pays_until"] is not None
    paid = (await api.post(f"/stays/{stay['id']}/workflow", {"stage": "confirmed"})).json
    assert (paid["stage"], paid["pays_until"]) == ("confirmed", None)


async def test_a_cancelled_stay_has_no_codes_and_can_be_brought_back(api: Api) -> None:
    cancelled = (await api.post(f"/stays/{api.stay}/cancel")).json
    assert (cancelled["status"], cancelled["codes"]["doors"]) == ("cancelled", 0)
    assert (await api.post(f"/stays/{api.stay}/cancel")).status == 409
    restored = (await api.post(f"/stays/{api.stay}/restore")).json
    assert (restored["status"], restored["codes"]["doors"]) == ("confirmed", 2)
    for path in ("cancel", "restore", "redraw"):
        assert (await api.post(f"/stays/other/{path}")).status == 404


# ---- codes ----------------------------------------------------------------------------------------------------------


async def pins(api: Api) -> list[str | None]:
    return [code["pin"] for code in (await api.get("/codes?reveal=true")).json["items"]]


async def test_digits_are_told_only_with_their_own_scope_and_each_time_is_audited(api: Api) -> None:
    reader = await api.token_with(Scope.READ)
    assert (await api.get("/codes?reveal=false", reader)).status == 200
    assert (await api.get("/codes?reveal=true", reader)).status == 403
    assert await deeds(api, f"stay:{api.stay}") == [("console", "stay added", "done")]
    flat, front, foreign = await pins(api)
    assert flat == front
    assert flat is not None
    assert (len(flat), flat.isdecimal(), foreign) == (6, True, None)
    assert (await deeds(api, f"stay:{api.stay}"))[0] == ("token:Tests", "code shown", "done")


async def test_digits_that_were_shown_count_as_known_to_somebody(api: Api) -> None:
    async def known() -> list[bool]:
        return [
            each.told_at is not None for each in await api.hub.store.read(lambda tx: codes.issued_for(tx, api.stay))
        ]

    await api.get("/codes")
    assert await known() == [False, False]
    await api.get("/codes?reveal=true&lock=front")
    assert await known() == [False, True]


async def test_another_code_is_drawn_on_request(api: Api) -> None:
    before = await pins(api)
    assert (await api.post(f"/stays/{api.stay}/redraw")).status == 200
    assert before[0] not in {
        code["pin"] for code in (await api.get("/codes?reveal=true")).json["items"] if code["slot"] is None
    }


async def test_a_code_now_works_until_its_end_and_can_be_ended(api: Api) -> None:
    body = {"label": "Plumber", "locks": ["front", "front"], "until": "2026-11-21T18:00:00+01:00"}
    given = (await api.post("/codes", body)).json
    assert (given["locks"], given["until"]) == (["front"], "2026-11-21T17:00:00.000Z")
    [code] = [each for each in (await api.get("/codes?reveal=true")).json["items"] if each["holder"] == "Plumber"]
    assert (code["pin"], code["state"], code["valid_until"]) == (given["pin"], "wanted", given["until"])
    assert (await api.ask("DELETE", f"/codes/{code['id']}")).json == {"id": code["id"]}
    assert (await api.ask("DELETE", f"/codes/{code['id']}")).status == 409
    assert (await api.ask("DELETE", "/codes/other")).status == 404
    assert [action for _, action, _ in await deeds(api, "lock:front")] == ["code ended", "code shown", "code given"]


async def test_giving_a_code_needs_the_scope_that_sees_digits_too(api: Api) -> None:
    writer = await api.token_with(Scope.STAYS_WRITE)
    body = {"label": "Plumber", "locks": ["front"], "until": "2026-11-21T18:00:00Z"}
    before = await api.fingerprint()
    assert (await api.post("/codes", body, token=writer)).json["code"] == "scope_missing"
    assert await api.fingerprint() == before


class _Radio:
    """Has a front door with somebody else's code in place 7."""

    def __init__(self) -> None:
        self.memory = Memory(Address("1"), codes={7: "4711"})
        part = MemoryLock(self.memory)
        self.locks = {Address("1"): Lock(Address("1"), Abilities("BE469ZP", slots=30), keypad=part)}

    async def run(self) -> None:
        raise AssertionError("nothing runs here")


async def test_somebody_elses_code_is_adopted_once_whatever_is_repeated_and_ended_like_any_other(api: Api) -> None:
    radio = _Radio()
    api.hub.plugins.add_driver("radio", radio)
    body = {"label": "Cleaner", "until": "2026-11-30T18:00:00+01:00"}
    adopted = await api.post("/locks/front/codes/7/adopt", body, key="once")
    assert (adopted.status, adopted.json | {"id": ""}) == (
        201,
        {"id": "", "lock": "front", "slot": 7, "holder": "Cleaner", "valid_until": "2026-11-30T17:00:00.000Z"},
    )
    again = await api.post("/locks/front/codes/7/adopt", body, key="once")
    assert (again.status, again.json) == (201, adopted.json)
    assert (await api.post("/locks/front/codes/7/adopt", body)).status == 409
    [code] = [each for each in (await api.get("/codes?reveal=true")).json["items"] if each["slot"] == 7]
    assert (code["id"], code["state"], code["proof"]) == (adopted.json["id"], "set", "read_back")
    assert (code["holder"], code["pin"]) == ("Cleaner", "4711")
    assert (await api.ask("DELETE", f"/codes/{code['id']}")).status == 200
    assert [action for _, action, _ in await deeds(api, "lock:front")] == ["code ended", "code shown", "code adopted"]
    assert radio.memory.journal == []


async def test_what_cannot_be_adopted_is_refused_and_changes_nothing(api: Api) -> None:
    radio = _Radio()
    api.hub.plugins.add_driver("radio", radio)
    writer = await api.token_with(Scope.STAYS_WRITE)
    before = await api.fingerprint()
    refusal = await api.post("/locks/front/codes/7/adopt", {"label": "Cleaner"}, token=writer)
    assert refusal.json["code"] == "scope_missing"
    for place, status in (
        ("1", 409),
        ("31", 409),
        ("251", 409),
        ("0", 409),
        ("-1", 404),
        ("seven", 404),
        ("9" * 6, 404),
    ):
        assert (await api.post(f"/locks/front/codes/{place}/adopt", {"label": "Cleaner"})).status == status, place
    assert (await api.post("/locks/attic/codes/7/adopt", {"label": "Cleaner"})).status == 404
    assert (await api.post("/locks/front/codes/7/adopt", {"label": ""})).status == 409
    radio.memory.masked = True
    masked = await api.post("/locks/front/codes/7/adopt", {"label": "Cleaner"})
    assert (masked.status, "does not tell the digits" in masked.json["detail"]) == (409, True)
    assert await api.fingerprint() == before


async def test_a_lock_that_does_not_answer_is_asked_again_with_the_same_key(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    radio = _Radio()
    api.hub.plugins.add_driver("radio", radio)
    monkeypatch.setattr(building, "PATIENCE_S", 0)
    radio.memory.silent = True
    silent = await api.post("/locks/front/codes/7/adopt", {"label": "Cleaner"}, key="again")
    assert (silent.status, silent.json["code"]) == (503, "unavailable")
    assert silent.json["detail"] == "Front cannot be asked now (the lock did not answer); try again when it answers"
    radio.memory.silent = False
    assert (await api.post("/locks/front/codes/7/adopt", {"label": "Cleaner"}, key="again")).status == 201


async def test_the_code_of_a_stay_is_ended_with_the_stay_only(api: Api) -> None:
    id_ = (await api.get("/codes")).json["items"][0]["id"]
    assert (await api.ask("DELETE", f"/codes/{id_}")).status == 409


# ---- tokens ---------------------------------------------------------------------------------------------------------


async def test_a_token_made_here_works_and_its_text_is_told_once(api: Api) -> None:
    made = (await api.post("/tokens", {"name": "Laundry", "scopes": ["read", "read"], "days": 7.0})).json
    assert (made["token"]["scopes"], made["token"]["expires_at"]) == (["read"], "2026-11-28T12:00:00.000Z")
    assert (await api.get("/locks", made["text"])).status == 200
    listed = await api.get("/tokens")
    assert {token["name"] for token in listed.json["items"]} == {"Tests", "Laundry"}
    assert made["text"].split("_")[2].encode() not in listed.raw
    revoked = (await api.ask("DELETE", f"/tokens/{made['token']['id']}")).json
    assert revoked["revoked_at"] == "2026-11-21T12:00:00.000Z"
    assert (await api.ask("DELETE", f"/tokens/{made['token']['id']}")).status == 404
    assert [action for _, action, _ in await deeds(api, f"token:{made['token']['id']}")] == [
        "revoke token",
        "make token",
    ]


async def test_the_last_use_of_a_token_is_told(api: Api) -> None:
    api.clock.at = NOW + timedelta(hours=1)
    await api.get("/locks")
    assert (await api.get("/tokens")).json["items"][0]["used_at"] == "2026-11-21T13:00:00.000Z"


# ---- emergencies ----------------------------------------------------------------------------------------------------


async def test_an_emergency_is_asked_then_confirmed_once_by_the_same_token(api: Api) -> None:
    wish = {"act": "lock_down", "reason": "Smoke in the stairwell", "property": "sea"}
    seen = await api.post("/emergencies", wish)
    assert seen.status == 201
    assert {door["lock"] for door in seen.json["doors"]} == {"flat", "front"}
    assert (await api.get("/emergencies")).json["items"] == []
    done = await api.post(f"/emergencies/{seen.json['id']}/confirm")
    assert done.json["act"] == "lock_down"
    assert api.bolt.moves == [Position.LOCKED]
    assert (await api.post(f"/emergencies/{seen.json['id']}/confirm")).status == 409
    (row,) = (await api.get("/emergencies")).json["items"]
    assert sorted(door["bolt"] for door in row["doors"]) == ["by_hand", "locked"]
    assert (row["deed"], row["reason"], row["released_at"]) == ("lock_down", "Smoke in the stairwell", None)
    released = await api.post("/emergencies", {"act": "release", "reason": "It was toast", "emergency": row["id"]})
    await api.post(f"/emergencies/{released.json['id']}/confirm")
    assert (await api.get("/emergencies")).json["items"][0]["released_at"] is not None


async def test_a_stay_that_is_made_here_has_a_price_and_a_channel_s_has_its_own(api: Api) -> None:
    new = {"unit": "flat-1", "arrival": "2027-02-01", "departure": "2027-02-03", "guest": "Hedy Lamarr"}
    plain = {"lines": [], "not_itemised": 0}
    answer = await api.post("/stays", {**new, "price": {"minor": 45050, "currency": "EUR"}})
    assert (answer.status, answer.json["price"]) == (201, {"minor": 45050, "currency": "EUR", **plain})
    changed = await api.post(f"/stays/{answer.json['id']}/extend", {"price": {"minor": 50000, "currency": "CHF"}})
    assert changed.json["price"] == {"minor": 50000, "currency": "CHF", **plain}
    lines = [{"kind": "cleaning", "label": "Final", "minor": 5000}, {"kind": "discount", "label": "", "minor": -1000}]
    price = {"minor": 50000, "currency": "CHF"}
    made_of = await api.post(f"/stays/{answer.json['id']}/extend", {"price": {**price, "lines": lines}})
    assert made_of.json["price"] == {**price, "lines": lines, "not_itemised": 46000}
    again = await api.post(f"/stays/{answer.json['id']}/extend", {"price": price})
    assert again.json["price"]["lines"] == lines, "they stay as long as the price does"
    both = {"price": {"minor": 1, "currency": "CHF"}, "unpriced": True}
    assert (await api.post(f"/stays/{answer.json['id']}/extend", both)).status == 409
    assert (await api.post(f"/stays/{answer.json['id']}/extend", {"unpriced": True})).json["price"] is None
    for wrong in ({"minor": -1, "currency": "EUR"}, {"minor": 1, "currency": "eur"}, {"minor": 1}):
        assert (await api.post("/stays", {**new, "price": wrong})).status == 422


# ---- guests who come again ------------------------------------------------------------------------------------------


async def test_a_guest_is_told_from_all_their_stays_with_what_was_written_down(api: Api) -> None:
    ids = []
    for arrival, departure in (("2026-12-01", "2026-12-03"), ("2026-12-10", "2026-12-13")):
        days = {"arrival": arrival, "departure": departure}
        asked = STAY | days | {"guest": f"Grace {arrival}", "phone": "+1 555 010 4477"}
        ids.append((await api.post("/stays", asked)).json["id"])
    first, second = ids
    noted = await api.post(f"/stays/{first}/guest/note", {"text": "Prefers the quiet side."})
    assert (noted.status, [each["text"] for each in noted.json["notes"]]) == (200, ["Prefers the quiet side."])
    told = (await api.get(f"/stays/{second}/guest")).json
    assert (told["others"], told["to_come"], told["stays"]) == ([first], 2, 0)
    assert [(each["stay"], each["text"]) for each in told["notes"]] == [(first, "Prefers the quiet side.")]
    assert "4477" not in str(told)
    assert (await api.post(f"/stays/{first}/guest/note", {"text": "x" * 1001})).status == 422
    assert (await api.get("/stays/nobody/guest")).status == 404
