"""The page of a guest, its link on the page of the stay, and the name under which nothing else answers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from sqlalchemy import update
from structlog.testing import capture_logs

from hub.health import findings
from hub.model.alerts import Kind
from hub.model.lockdown import Attempt, Outcome
from hub.model.values import LockId, StayId
from hub.store import codes, emergencies, house, log, tables
from hub.store import guest_page as links
from hub.store import ladder as pools
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Tx
from tests.web.conftest import Seen, Visitor, visiting
from tests.web.test_ladder import _with_backups
from tests.web.village import HOUSE, NOW, village
from web.app import build
from web.pace import PACES

PUBLIC = "https://stay.example.com"
PHONE = "+49 (0)170 123456-7"


@pytest.fixture
async def robin(tmp_path: Path) -> AsyncIterator[Visitor]:
    """The manager of a house whose guests have a page."""
    async with village(tmp_path, public_url=PUBLIC) as here, visiting(here) as visitor:
        await visitor.sign_in()
        yield visitor


def stay(visitor: Visitor, guest: str = "Priya Natarajan") -> StayId:
    return visitor.here.stays[guest]


async def sent(visitor: Visitor, guest: str = "Priya Natarajan") -> str:
    """The path of the link that the manager copies."""
    shown = await visitor.post(f"/stays/{stay(visitor, guest)}/for-guest")
    found = re.search(rf"{PUBLIC}(/g/[a-z2-7]{{32}})\b", shown.text)
    assert found is not None, shown.text
    return found[1]


async def digits(visitor: Visitor, guest: str = "Priya Natarajan") -> set[str]:
    hub = visitor.here.hub
    entries = await hub.store.read(lambda tx: codes.issued_for(tx, stay(visitor, guest)))
    boxes = [(entry.sealed_pin, entry.grant.id) for entry in entries if entry.sealed_pin is not None]
    return {hub.vault.open_pin(box, about=f"grant:{id_}").reveal() for box, id_ in boxes}


async def press(visitor: Visitor, path: str, *, headers: dict[str, str] | None = None, **fields: str) -> Seen:
    """A form of a guest's page, as a browser sends it from a page without referrer: no session, no token."""
    known = {"Origin": "null", "Sec-Fetch-Site": "same-origin"} if headers is None else headers
    async with ClientSession() as session:
        guest = replace(visitor, session=session)
        return await guest.ask("POST", path, headers=known, data=list(fields.items()))


async def seen(visitor: Visitor, path: str, **headers: str) -> Seen:
    async with ClientSession() as session:
        return await replace(visitor, session=session).get(path, **headers)


# ---- looking --------------------------------------------------------------------------------------------------------


async def test_a_guest_sees_what_they_need_and_nothing_of_anybody_else(robin: Visitor) -> None:
    words = {"phone": PHONE, "instructions": "Parking is behind the house.\nBins go out on Tuesday <b>."}
    assert (await robin.post(f"/settings/guests/{HOUSE}", **words)).status == 303
    assert (await robin.post("/units/garden/guests", instructions="The network is called Garden.")).status == 303
    page = await seen(robin, await sent(robin))
    assert page.status == 200
    for word in ("Lindenhof", "Garden room", "Front door", "Wednesday 18 November, 15:00", "Friday 20 November, 18:00"):
        assert word in page.text, word
    assert "Times are those of the house (Europe/Berlin)." in page.text
    assert "Bins go out on Tuesday <b>." in page.text
    assert "The network is called Garden." in page.text
    assert 'href="tel:+491701234567"' in page.html
    for word in ("Priya", "Anna Berg", "Robin", "Sign out", "Stays", "csrf"):
        assert word not in page.html, word
    assert "Set-Cookie" not in page.headers


async def test_a_guest_is_told_what_to_try_at_each_keypad(robin: Visitor) -> None:
    path, hub = await sent(robin), robin.here.hub
    assert "What to try at the keypad Type the digits one by one" in (await seen(robin, path)).text
    model = update(tables.lock_state).where(tables.lock_state.c.lock_id == "front").values(model="Schlage BE469ZP")
    await hub.store.write(lambda tx: tx.sql.execute(model))
    page = await seen(robin, path)
    assert "What to try at the keypad of Front door" in page.text
    assert "Press the Schlage button at the top, then type the code." in page.text
    assert "What to try at the keypad of Garden room" in page.text
    assert "<details open>" not in page.html
    assert "<details open>" in (await press(robin, f"{path}/help", door="front")).html


async def test_a_guest_is_told_what_is_kept_how_long_and_whom_to_ask_and_that_is_written_down(robin: Visitor) -> None:
    await robin.post(f"/settings/guests/{HOUSE}", phone=PHONE, instructions="")
    path, subject = await sent(robin), f"stay:{stay(robin)}"

    async def noted() -> list[str]:
        deeds = await robin.here.hub.store.read(lambda tx: log.deeds(tx, subject))
        return [deed.detail for deed in deeds if deed.action == "privacy notice shown"]

    page = await seen(robin, path)
    for word in (
        "for 730 days after you leave",
        "your name stands there for 30 days",
        f"erased, or object to it: call {PHONE}",
    ):
        assert word in page.text, word
    assert await noted() == [], "a preview is nobody"
    for _ in range(2):
        await press(robin, f"{path}/code")
    first = await noted()
    assert len(first) == 1
    await robin.post(f"/record/keep/{HOUSE}", guest_days="0")
    assert "until you ask to have it erased" in (await seen(robin, path)).text
    await robin.post(f"/settings/guests/{HOUSE}", phone=PHONE, instructions="", privacy="Ask Anna.\nAlways.")
    own = await seen(robin, path)
    assert "What is kept of you Ask Anna. Always." in own.text
    assert "730" not in own.text
    await press(robin, f"{path}/code")
    assert len(set(await noted())) == 2


async def test_a_guest_reads_that_their_own_door_was_opened_and_not_why_nor_of_a_door_that_all_share(
    robin: Visitor,
) -> None:
    path, hub = await sent(robin), robin.here.hub
    done = Attempt(NOW, Outcome.DONE, 1, "It is unlocked.")

    def work(tx: Tx) -> None:
        for door in (LockId("garden"), LockId("front")):
            row = Emergency(f"open {door}", Deed.UNLOCK, HOUSE, door, "Smoke", NOW, "account:Robin", NOW)
            emergencies.begin(tx, row)
            emergencies.keep_attempt(tx, [row.id], door, done)

    await hub.store.write(work)
    page = await seen(robin, path)
    assert "Garden room was opened from afar in an emergency on" in page.text
    assert "Front door was opened" not in page.text
    assert "Smoke" not in page.text


async def test_a_guest_of_a_house_that_is_locked_down_is_told_so(robin: Visitor) -> None:
    path, hub = await sent(robin), robin.here.hub
    row = Emergency("down", Deed.LOCK_DOWN, HOUSE, None, "Smoke", NOW, "account:Robin")
    await hub.store.write(lambda tx: emergencies.begin(tx, row))
    page = await seen(robin, path)
    assert "For the time being guests’ codes do not open Front door and Garden room." in page.text
    assert "From inside you can always leave." in page.text
    assert "Smoke" not in page.text
    shown = await press(robin, f"{path}/code")
    assert not any(pin in shown.html for pin in await digits(robin))
    told = await press(robin, f"{path}/help", door="front")
    assert "For the time being no guest's code opens this door." in told.text
    assert "put back" not in told.text
    await hub.store.write(lambda tx: emergencies.release(tx, row, "It is out", "account:Robin", NOW))
    assert "For the time being" not in (await seen(robin, path)).text


async def test_the_page_is_kept_nowhere_told_nobody_and_found_by_nobody(robin: Visitor) -> None:
    for path in (await sent(robin), "/g/" + "a" * 32):
        page = await seen(robin, path)
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert 'name="robots" content="noindex' in page.html
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)|https?://", page.html)
    assert "Disallow: /" in (await seen(robin, "/robots.txt")).html


async def test_the_code_is_in_no_page_until_the_guest_asks_and_that_is_written_down(robin: Visitor) -> None:
    path, secret = await sent(robin), await digits(robin)
    for looked in (path, f"{path}?part=check"):
        html = (await seen(robin, looked)).html
        assert not any(pin in html for pin in secret)
    shown = await press(robin, f"{path}/code")
    assert all(pin in shown.text for pin in secret)
    assert shown.headers["Cache-Control"] == "no-store"
    deeds = await robin.here.hub.store.read(lambda tx: log.deeds(tx, f"stay:{stay(robin)}"))
    assert ("guest", "code shown") in [(deed.actor, deed.action) for deed in deeds]


async def test_looking_changes_nothing_but_that_a_browser_opened_it(robin: Visitor) -> None:
    path, hub = await sent(robin), robin.here.hub
    for way in ("GET", "HEAD"):
        assert (await robin.ask(way, path)).status == 200
    for dead in (f"{path}/code", f"{path}/help"):
        assert (await robin.get(dead)).status == 405
    link = await hub.store.read(lambda tx: links.link_of(tx, stay(robin)))
    assert link is not None
    assert (link.opened_at, link.shown_at) == (None, None), "a program that previews links opens none"
    await robin.get(path, **{"Sec-Fetch-Mode": "navigate"})
    link = await hub.store.read(lambda tx: links.link_of(tx, stay(robin)))
    assert link is not None
    assert (link.opened_at, link.shown_at) == (NOW, None)


@pytest.mark.parametrize("path", ["/g/", "/g/x", "/g/" + "a" * 32, "/g/" + "a" * 32 + "/code", "/g/%00", "/g"])
async def test_what_leads_nowhere_says_so_in_a_guests_words(robin: Visitor, path: str) -> None:
    answer = await (press(robin, path) if path.endswith("/code") else seen(robin, path))
    if path != "/g":
        assert answer.status == 404
        assert "ask whoever sent it to you" in answer.text
    assert "Back to Today" not in answer.text


async def test_a_link_that_ended_looks_like_one_that_never_was(robin: Visitor) -> None:
    path = await sent(robin)
    never = (await seen(robin, "/g/" + "a" * 32)).html
    robin.here.clock.at = NOW + timedelta(hours=5)
    assert (await seen(robin, path)).html == never
    assert (await press(robin, f"{path}/code")).html == never
    assert (await press(robin, f"{path}/help", door="garden")).html == never


# ---- it does not work -----------------------------------------------------------------------------------------------


async def test_a_guest_gets_a_backup_code_for_the_door_and_the_manager_knows(robin: Visitor) -> None:
    await _with_backups(robin, stay(robin))
    path, own, hub = await sent(robin), await digits(robin), robin.here.hub
    answer = await press(robin, f"{path}/help", door="garden")
    assert answer.status == 200
    assert "There is a new code for Garden room, which works at once." in answer.text
    assert "The lock is being asked" in answer.text
    [entry] = await hub.store.read(lambda tx: pools.pulled(tx, stay(robin)))
    assert entry.sealed_pin is not None
    backup = hub.vault.open_pin(entry.sealed_pin, about=f"grant:{entry.grant.id}").reveal()
    assert re.search(rf'<p class="soft">Garden room</p>\s*<div class="bar"><p class="pin"[^>]*>{backup}<', answer.html)
    again = await press(robin, f"{path}/help", door="garden")
    assert backup in again.text
    assert len(await hub.store.read(lambda tx: pools.pulled(tx, stay(robin)))) == 1
    assert own.isdisjoint({backup})
    kinds = [each.kind for each in await hub.store.read(lambda tx: findings(tx, hub))]
    assert Kind.CODE_COMPLAINT in kinds
    assert Kind.GUEST_OUTSIDE not in kinds
    either = await press(robin, f"{path}/help", door="garden", backup="fails")
    assert "No other code is ready for Garden room." in either.text
    assert Kind.GUEST_OUTSIDE in [each.kind for each in await hub.store.read(lambda tx: findings(tx, hub))]


async def test_without_a_backup_code_the_guest_is_told_whom_to_call(robin: Visitor) -> None:
    await robin.post(f"/settings/guests/{HOUSE}", phone=PHONE)
    path = await sent(robin)
    answer = await press(robin, f"{path}/help", door="garden")
    assert "No other code is ready for Garden room. The manager is being told that you cannot get in" in answer.text
    assert f"please call {PHONE}." in answer.text
    assert "said that the code does not work at Garden room." in (await robin.get(f"/stays/{stay(robin)}")).text


async def test_before_the_code_is_to_work_there_is_no_help_to_press_for(robin: Visitor) -> None:
    path = await sent(robin, "HMZZTOP987")
    assert "does not open" not in (await seen(robin, path)).text
    answer = await press(robin, f"{path}/help", door="front")
    assert answer.status == 409
    assert "it is too early" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://elsewhere.example"},
    ],
)
async def test_a_form_from_another_site_shows_nothing(robin: Visitor, headers: dict[str, str]) -> None:
    path = await sent(robin)
    for form in ("code", "help"):
        answer = await press(robin, f"{path}/{form}", headers=headers, door="garden")
        assert answer.status == 403
        assert "Please open the link from your message again." in answer.text
    deeds = await robin.here.hub.store.read(lambda tx: log.deeds(tx, f"stay:{stay(robin)}"))
    assert "guest" not in {deed.actor for deed in deeds}


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "none"}])
async def test_a_browser_that_says_little_of_where_it_comes_from_is_served(
    robin: Visitor, headers: dict[str, str]
) -> None:
    assert (await press(robin, f"{await sent(robin)}/code", headers=headers)).status == 200


async def test_who_presses_without_end_is_told_to_wait_and_whom_to_call(robin: Visitor) -> None:
    await robin.post(f"/settings/guests/{HOUSE}", phone=PHONE)
    path, secret = await sent(robin), await digits(robin)
    answers = [await press(robin, f"{path}/help", door="garden") for _ in range(20)]
    last = answers[-1]
    assert {answer.status for answer in answers} == {200, 429}
    assert int(last.headers["Retry-After"]) >= 1
    assert re.search(r"Please wait \d+ seconds?, then press again\.", last.text)
    assert PHONE in last.text
    assert not any(pin in last.html for pin in secret)
    other = await press(robin, f"{await sent(robin, 'Anna Berg')}/code")
    assert other.status == 200, "nobody else has to wait"


@web.middleware
async def from_afar(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request.clone(remote=request.headers["X-Test-From"]))


async def test_an_address_that_looks_without_end_has_to_wait_and_no_other(tmp_path: Path) -> None:
    async with village(tmp_path, public_url=PUBLIC) as here:
        app = build(here.hub)
        app.middlewares.insert(0, from_afar)
        app[PACES].of_address.per_second = 0.001  # however slow the machine is
        async with TestServer(app) as server, ClientSession() as session:
            guest = Visitor(here, app, str(server.make_url("")).rstrip("/"), session)
            near, far = ({"X-Test-From": address} for address in ("2001:db8::1", "203.0.113.7"))
            answers = [await guest.get("/g/" + "a" * 32, **near) for _ in range(130)]
            assert [answer.status for answer in answers[:120]] == [404] * 120
            assert answers[-1].status == 429
            assert re.search(r"Please wait \d+ seconds?, then try again", answers[-1].text)
            neighbour = {"X-Test-From": "2001:db8::ffff"}
            assert (await guest.get("/g/" + "b" * 32, **neighbour)).status == 429, (
                "whoever has one address has a million"
            )
            assert (await guest.get("/g/" + "a" * 32, **far)).status == 404


# ---- the manager ----------------------------------------------------------------------------------------------------


async def test_the_page_of_a_stay_says_how_far_its_link_has_come(robin: Visitor) -> None:
    where = f"/stays/{stay(robin)}"
    assert "There is no link yet" in (await robin.get(where)).text
    path = await sent(robin)
    page = await robin.get(where)
    assert path not in page.html, "who looks at the link can see the code, so that it is written down"
    assert "Opened not yet" in page.text
    await robin.get(path, **{"Sec-Fetch-Mode": "navigate"})
    await robin.ask("POST", f"{path}/code", headers={"Sec-Fetch-Site": "same-origin"})
    page = await robin.get(where)
    assert "Opened first 14:02" in page.text
    assert "Code first seen 14:02" in page.text
    assert "The guest looked at the code." in page.text
    assert "Robin made a link to the guest's page." in page.text


async def test_the_page_of_a_stay_says_whether_its_guest_is_told_and_takes_a_persons_word(robin: Visitor) -> None:
    where = f"/stays/{stay(robin)}"
    assert "Not told by itself: this property tells its guests by hand." in (await robin.get(where)).text
    changed = await robin.post(f"/settings/guests/{HOUSE}", tell_hours="24")
    assert changed.status == 303
    assert 'value="24"' in (await robin.get(f"/settings/guests/{HOUSE}")).html
    assert "Not told by itself: no channel tells of this stay" in (await robin.get(where)).text
    assert (await robin.post(f"{where}/tell")).status == 409
    assert (await robin.post(f"{where}/told-by-hand")).status == 303
    page = await robin.get(where)
    assert "Told by a person, 14:02" in page.text
    assert "Robin told the guest their code." in page.text
    assert "I told the guest" not in page.text


async def test_a_guest_nobody_can_name_is_not_greeted_by_a_reference(robin: Visitor) -> None:
    shown = await robin.post(f"/stays/{stay(robin, 'HMZZTOP987')}/for-guest")
    assert "Hello, your code for Flat 1, Lindenhof is on this page" in shown.text
    assert "HMZZTOP987" not in shown.text


async def test_a_link_is_made_anew_and_revoked(robin: Visitor) -> None:
    first, where = await sent(robin), f"/stays/{stay(robin)}"
    assert (await robin.post(f"{where}/link/anew")).status == 303
    second = await sent(robin)
    assert second != first
    assert (await robin.get(first)).status == 404
    assert (await robin.post(f"{where}/link/revoke")).status == 303
    assert (await robin.get(second)).status == 404
    assert "Robin revoked the link to the guest's page." in (await robin.get(where)).text


async def test_a_stay_to_which_nobody_comes_has_nothing_for_a_guest(robin: Visitor) -> None:
    id_ = stay(robin, "Edsger Dijkstra")
    assert "A text for the guest" not in (await robin.get(f"/stays/{id_}")).text
    assert "The stay is cancelled" in (await robin.post(f"/stays/{id_}/for-guest")).text
    assert (await robin.post(f"/stays/{id_}/link/anew")).status == 409


@pytest.mark.parametrize("phone", ["call me", "javascript:alert(1)"])
async def test_a_number_that_nobody_can_dial_is_refused_with_an_example(robin: Visitor, phone: str) -> None:
    answer = await robin.post(f"/settings/guests/{HOUSE}", phone=phone, instructions="Kept")
    assert answer.status == 422
    assert "+49 170 1234567" in answer.text
    assert "Kept" in answer.text
    place = await robin.here.hub.store.read(lambda tx: house.property_with(tx, HOUSE))
    assert place is not None
    assert place.guest_phone == ""


async def test_the_forms_for_guests_words_are_there(robin: Visitor) -> None:
    assert (await robin.get("/settings/guests")).headers["Location"] == f"/settings/guests/{HOUSE}"
    page = await robin.get(f"/settings/guests/{HOUSE}")
    assert f"Guests reach their page at {PUBLIC}" in page.text
    assert "Garden room" in page.text
    assert (await robin.get("/units/garden/guests")).status == 200
    for missing in ("/settings/guests/nowhere", "/units/nowhere/guests", "/stays/x/for-guest"):
        assert (await robin.get(missing)).status == 404


# ---- apart ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["stay.example.com", "STAY.example.com", "stay.example.com:443", "stay.example.com."])
async def test_under_the_name_that_guests_are_given_nothing_else_answers(robin: Visitor, host: str) -> None:
    path = await sent(robin)
    for closed in (
        "/",
        "/signin",
        "/setup",
        "/stays",
        "/api/v1/units",
        "/api/v1/openapi.json",
        "/healthz",
        "/metrics",
        "/hooks/x",
    ):
        answer = await robin.get(closed, Host=host)
        assert answer.status == 404, closed
        assert "ask whoever sent it to you" in answer.text
    assert (await robin.get(path, Host=host)).status == 200
    assert (await robin.get("/robots.txt", Host=host)).status == 200
    css = re.search(r'href="(/static/app-[^"]+)"', (await robin.get(path, Host=host)).html)
    assert css is not None
    assert (await robin.get(css[1], Host=host)).status == 200
    called = await robin.ask("POST", "/api/webhooks/nobody/events", headers={"Host": host}, data=[])
    assert "there is no such channel" in called.text, (
        "sources that call come by this name; the hub has no other outside"
    )
    posted = await robin.ask("POST", "/signin", headers={"Host": host, "Origin": PUBLIC}, data=[("name", "Robin")])
    assert posted.status == 404


@pytest.mark.parametrize("host", ["192.168.1.5:8080", "hub.local", "", "[", "other.example.com"])
async def test_in_the_house_a_link_works_under_any_name(robin: Visitor, host: str) -> None:
    assert (await robin.get(await sent(robin), Host=host)).status == 200


async def test_a_name_of_this_very_machine_closes_nothing(tmp_path: Path) -> None:
    async with village(tmp_path, public_url="http://localhost:8080") as here, visiting(here) as visitor:
        assert (await visitor.get("/signin", Host="localhost:8080")).status == 303


# ---- secrets --------------------------------------------------------------------------------------------------------


async def test_no_log_ever_holds_a_link(robin: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    path = await sent(robin)
    with capture_logs() as logs:
        await robin.here.hub.store.write(lambda tx: tx.sql.exec_driver_sql("DROP TABLE complaints"))
        answer = await press(robin, f"{path}/help", door="garden")
    assert answer.status == 500
    assert "Please try again in a minute." in answer.text
    token = path.removeprefix("/g/")
    [line] = [each for each in logs if each["event"] == "a page failed"]
    assert line["path"] == "/g/{token}/help"
    assert token not in str([{name: told for name, told in each.items() if name != "exc_info"} for each in logs])
    assert token not in caplog.text
