from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.commandline.asks import Ask
from hub.commands import COMMANDS, answer
from hub.config import parse
from hub.contracts import Lock
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.codes import Reading, Slot
from hub.model.facts import Abilities, StayReport, StayReported
from hub.model.values import Address, ChannelId, GrantId, LockId, Proof, StayId, StayKind, StayStatus
from hub.running import Turned, World, made
from hub.store import codes, doors, house, log, stays, tables
from tests.simulators.building import Memory, MemoryLock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACTOR = "console:anna"

LOCK = """
[[lock]]
id = "front"
property = "home"
name = "Front door"
driver = "zwave"
address = "3"
"""
SITE = f"""
[[property]]
id = "home"
name = "Seaside"
timezone = "Europe/Berlin"
{LOCK}
[[unit]]
id = "flat"
property = "home"
name = "Flat"
locks = ["front"]

[[channel]]
id = "airbnb"
unit = "flat"
integration = "ical"
url = "https://geheim.example/x.ics"
"""


class Clock:
    trusted = True

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


class Radio:
    """A driver that has met one lock."""

    def __init__(self) -> None:
        self.locks = {Address("3"): Lock(Address("3"), Abilities("BE469", slots=19, min_digits=4, max_digits=8))}

    async def run(self) -> None:
        raise AssertionError("nothing runs here")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True), running=False) as hub:
        yield hub


async def ask(hub: Hub, command: str, **arguments: object) -> Any:
    return await answer(hub, ACTOR, command, arguments)


async def furnish(hub: Hub, site: str = SITE, **arguments: object) -> Any:
    return await ask(hub, "apply", text=site, name="site.toml", **arguments)


async def book(hub: Hub, **more: object) -> Any:
    dates = {"arrival": "2026-11-22", "departure": "2026-11-25"}
    return await ask(hub, "stay add", **{"unit": "flat", "guest": "Ada", **dates, **more})


async def audited(hub: Hub, subject: str) -> list[tuple[str, str]]:
    return [(deed.actor, deed.action) for deed in await hub.store.read(lambda tx: log.deeds(tx, subject))]


def test_every_command_has_a_name_of_its_own() -> None:
    names = [kind.command for kind in COMMANDS]

    assert len(set(names)) == len(names)
    assert set(COMMANDS) == set(_kinds(Ask))


def _kinds(of: type[Ask]) -> Iterator[type[Ask]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


async def test_an_unknown_command_is_answered_with_the_nearest(hub: Hub) -> None:
    with pytest.raises(Rejected, match='“code” is not known; did you mean "codes"'):
        await ask(hub, "code")


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("codes", {"reveel": True}, 'reveel: is not known; did you mean "reveal"'),
        ("codes", {"reveal": "perhaps"}, "reveal: must be true or false"),
        ("stay add", {"unit": "flat"}, "arrival: is missing; departure: is missing; guest: is missing"),
        ("stay extend", {"stay": "x", "departure": "20261121"}, "departure: must be a day, e.g. 2026-11-21"),
        ("stay extend", {"stay": "x", "departure": "2026-11-31"}, "departure: is not a day that exists"),
        ("stay extend", {"stay": "x", "check_in": "3pm"}, "check_in: must be a time of day, e.g. 15:00"),
        ("stay extend", {"stay": "x"}, "say what changes"),
        ("code now", {"locks": [], "label": "x"}, "locks: "),
        (
            "code now",
            {"locks": ["a"], "label": "x", "until": "2026-11-22T18:00"},
            "until: must be a time with its zone",
        ),
        ("code now", {"locks": ["a"], "label": "x", "until": "tonight"}, "until: must be a time with its zone"),
    ],
)
async def test_arguments_that_make_no_sense_are_named(
    hub: Hub, command: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(Rejected) as refusal:
        await ask(hub, command, **arguments)

    assert words in str(refusal.value)


# ---- the site file -------------------------------------------------------------------------------------------------


async def test_apply_tells_what_it_did_and_a_dry_run_what_it_would_do(hub: Hub) -> None:
    would = await furnish(hub, dry_run=True)
    did = await furnish(hub)
    again = await furnish(hub)

    assert [change["what"] for change in would["changes"]] == ["added"] * 4
    assert would["changes"][1]["sentence"].startswith("Would be added: lock “front”")
    assert did["changes"][1] == {
        "what": "added",
        "kind": "lock",
        "id": "front",
        "sentence": "Added lock “front”: “Front door”, in home, zwave 3, not shared.",
    }
    assert again == {"changes": [], "notes": []}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("zwave", "zwav", "lock “front”.driver"),
        ('integration = "ical"', 'integration = "icl"', "channel “airbnb”: there is no integration called “icl”"),
        ("url =", "uri =", 'channel “airbnb”.uri: is not known; did you mean "url"'),
        ('unit = "flat"', 'unit = "attic"', "channel “airbnb”.unit: there is no unit"),
        ("[[unit]]", "[[unit", "site.toml: is not TOML"),
    ],
)
async def test_a_malformed_site_file_changes_nothing(hub: Hub, old: str, new: str, words: str) -> None:
    assert old in SITE
    with pytest.raises(Rejected) as refusal:
        await furnish(hub, SITE.replace(old, new))

    assert words in str(refusal.value)
    assert "nothing was changed" in str(refusal.value)
    assert "geheim" not in str(refusal.value)
    assert await hub.store.read(lambda tx: list(tx.sql.scalars(select(tables.properties.c.id)))) == []


async def test_other_house_rules_move_the_codes_of_stays(hub: Hub) -> None:
    await furnish(hub)
    await book(hub)
    await furnish(hub, SITE.replace('"Europe/Berlin"', '"Europe/Berlin"\ncheck_in = "18:00"\ncode_lead = "30m"'))

    (code,) = await ask(hub, "codes")
    assert (code["valid_from"], code["valid_until"]) == ("2026-11-22T16:30:00Z", "2026-11-25T10:00:00Z")


async def test_another_door_gets_the_codes_of_stays(hub: Hub) -> None:
    await furnish(hub)
    await book(hub)
    back = LOCK.replace("front", "back").replace('"3"', '"4"')
    await furnish(hub, SITE.replace('["front"]', '["back", "front"]') + back)

    assert [code["lock"] for code in await ask(hub, "codes")] == ["back", "front"]


async def test_a_lock_that_was_met_before_it_had_a_name_is_known_at_once(hub: Hub) -> None:
    hub.plugins.add_driver("zwave", Radio())
    await furnish(hub)

    door = await hub.store.read(lambda tx: doors.door(tx, LockId("front")))
    assert door is not None
    assert door.abilities == Abilities("BE469", slots=19, min_digits=4, max_digits=8)


async def test_a_turned_clock_reaches_no_real_channel_by_a_later_site_file_either(tmp_path: Path) -> None:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "/dev/pts/4"}}}
    async with made(parse(told, tmp_path), World(turned=Turned(NOW, 600), inline=True)) as hub:
        with pytest.raises(Rejected, match=r"channel “airbnb”\.url: is not on this machine, so the clock must not"):
            await furnish(hub)
        await furnish(hub, SITE.replace("https://geheim.example", "http://127.0.0.1:9"))
        assert len(await hub.store.read(house.channels)) == 1


# ---- codes ---------------------------------------------------------------------------------------------------------


async def test_a_code_is_told_in_exactly_these_words(hub: Hub) -> None:
    await furnish(hub)
    await book(hub)

    assert await ask(hub, "codes") == [
        {
            "lock": "front",
            "slot": None,
            "state": "wanted",
            "proof": "none",
            "proven_at": None,
            "holder": "Ada",
            "purpose": "guest",
            "valid_from": "2026-11-22T13:00:00Z",
            "valid_until": "2026-11-25T10:00:00Z",
        }
    ]


async def test_a_proven_code_and_a_strangers_code_are_told_apart(hub: Hub) -> None:
    await furnish(hub)
    await book(hub)
    hub.clock.at += timedelta(days=2)  # type: ignore[attr-defined]  # the clock of this test
    seen = replace(Slot.unknown(2), reading=Reading.OCCUPIED, proof=Proof.READ_BACK, proven_at=NOW)
    holder = GrantId(await hub.store.read(lambda tx: tx.sql.scalars(select(tables.grants.c.id)).one()))
    await hub.store.write(lambda tx: codes.keep_slot(tx, LockId("front"), replace(seen, number=1, holder=holder), NOW))
    await hub.store.write(lambda tx: codes.keep_slot(tx, LockId("front"), seen, NOW))

    told = await ask(hub, "codes")
    assert [(code["slot"], code["state"], code["proof"], code["proven_at"], code["holder"]) for code in told] == [
        (1, "set", "read_back", "2026-11-21T12:00:00Z", "Ada"),
        (2, "foreign", "read_back", "2026-11-21T12:00:00Z", None),
    ]


async def test_a_code_whose_guest_no_channel_named_is_told_by_its_reference(hub: Hub) -> None:
    await furnish(hub)
    dates = (date(2026, 11, 22), date(2026, 11, 25))
    report = StayReport("u", StayKind.RESERVATION, StayStatus.CONFIRMED, *dates, reference="HMABCDEFGH")
    fact = StayReported(ChannelId("airbnb"), NOW, report)
    await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, "airbnb"))

    assert [code["holder"] for code in await ask(hub, "codes")] == ["HMABCDEFGH"]
    assert [(stay["guest"], stay["reference"]) for stay in await ask(hub, "stay list")] == [("", "HMABCDEFGH")]


async def test_digits_are_shown_only_when_asked_for_and_that_is_audited(hub: Hub) -> None:
    await furnish(hub)
    stay = await book(hub)
    assert "pin" not in (await ask(hub, "codes"))[0]
    assert (ACTOR, "code shown") not in await audited(hub, f"stay:{stay['id']}")

    (code,) = await ask(hub, "codes", reveal=True)
    assert code["pin"].isdecimal()
    assert len(code["pin"]) == 6
    assert (ACTOR, "code shown") in await audited(hub, f"stay:{stay['id']}")


async def test_codes_can_be_asked_for_one_lock_or_one_stay(hub: Hub) -> None:
    await furnish(hub)
    stay = await book(hub)

    assert len(await ask(hub, "codes", lock="front")) == 1
    assert len(await ask(hub, "codes", stay=stay["id"])) == 1
    with pytest.raises(Rejected, match="no stay “other”; see"):
        await ask(hub, "codes", stay="other")
    with pytest.raises(Rejected, match="no lock called “back”"):
        await ask(hub, "codes", lock="back")


async def test_a_code_now_works_at_once_and_is_audited(hub: Hub) -> None:
    await furnish(hub)
    told = await ask(hub, "code now", locks=["front"], label="Plumber", hours=1)
    (code,) = await ask(hub, "codes", reveal=True)

    assert told == {
        "pin": code["pin"],
        "locks": ["front"],
        "holder": "Plumber",
        "valid_from": "2026-11-21T12:00:00Z",
        "valid_until": "2026-11-21T13:00:00Z",
        "reaches_the_locks": "when the hub runs",
    }
    assert code["holder"] == "Plumber"
    assert (ACTOR, "code given") in await audited(hub, "lock:front")


async def test_a_code_now_for_no_such_lock_is_refused(hub: Hub) -> None:
    with pytest.raises(Rejected, match="no lock called “back”"):
        await ask(hub, "code now", locks=["back"], label="Plumber", until="2026-11-22T12:00:00Z")


async def test_somebody_elses_code_is_adopted_and_has_a_name(hub: Hub) -> None:
    await furnish(hub)
    await hub.store.write(lambda tx: codes.keep_slot(tx, LockId("front"), Slot(5, reading=Reading.OCCUPIED), NOW))
    radio, memory = Radio(), Memory(Address("3"), codes={5: "4711"})
    radio.locks[Address("3")] = replace(radio.locks[Address("3")], keypad=MemoryLock(memory))
    with pytest.raises(Rejected, match="its driver has not met it"):
        await ask(hub, "code adopt", lock="front", slot=5, label="Cleaner")
    hub.plugins.add_driver("zwave", radio)
    told = await ask(hub, "code adopt", lock="front", slot=5, label="Cleaner", until="2026-11-30T12:00:00Z")
    (code,) = await ask(hub, "codes", reveal=True)

    assert told == {"lock": "front", "slot": 5, "holder": "Cleaner", "valid_until": "2026-11-30T12:00:00Z"}
    assert (code["holder"], code["pin"], code["state"]) == ("Cleaner", "4711", "set")
    assert (ACTOR, "code adopted") in await audited(hub, "lock:front")


async def test_digits_that_a_lock_hides_are_said_by_whoever_adopts_the_code(hub: Hub) -> None:
    await furnish(hub)
    await hub.store.write(lambda tx: codes.keep_slot(tx, LockId("front"), Slot(5, reading=Reading.OCCUPIED), NOW))
    radio, memory = Radio(), Memory(Address("3"), codes={5: "4711"}, masked=True)
    radio.locks[Address("3")] = replace(radio.locks[Address("3")], keypad=MemoryLock(memory))
    hub.plugins.add_driver("zwave", radio)
    with pytest.raises(Rejected, match="does not tell the digits of its codes; say them"):
        await ask(hub, "code adopt", lock="front", slot=5, label="Cleaner")
    await ask(hub, "code adopt", lock="front", slot=5, label="Cleaner", pin="4711")
    (code,) = await ask(hub, "codes", reveal=True)
    assert (code["holder"], code["pin"], code["state"]) == ("Cleaner", "4711", "set")


# ---- stays ---------------------------------------------------------------------------------------------------------


async def test_a_stay_is_added_changed_and_cancelled(hub: Hub) -> None:
    await furnish(hub)
    stay = await book(hub, phone="+49 30 123456", check_in="17:00")
    assert (stay["status"], stay["check_in"], stay["check_out"]) == (
        "confirmed",
        "2026-11-22T16:00:00Z",
        "2026-11-25T10:00:00Z",
    )
    assert (stay["doors"], stay["proven"], stay["unit"], stay["guest"]) == (1, 0, "flat", "Ada")

    longer = await ask(hub, "stay extend", stay=stay["id"], departure="2026-11-26", check_out="12:00")
    assert (longer["departure"], longer["check_out"]) == ("2026-11-26", "2026-11-26T11:00:00Z")
    assert await ask(hub, "stay list") == [longer]

    gone = await ask(hub, "stay cancel", stay=stay["id"])
    assert gone["status"] == "cancelled"
    assert await ask(hub, "codes") == []
    assert await ask(hub, "stay restore", stay=stay["id"]) == longer | {"status": "confirmed"}
    with pytest.raises(Rejected, match="no such cancelled stay"):
        await ask(hub, "stay restore", stay=stay["id"])


async def test_held_nights_are_found_among_the_stays_and_confirmed_or_let_go(hub: Hub) -> None:
    await furnish(hub)
    stay = await book(hub)
    days = {"unit": "flat", "arrival": "2026-12-22", "departure": "2026-12-24"}
    held = await ask(hub, "stay hold", **days, label="Grace", minutes=60)
    assert await ask(hub, "stay list") == [held, stay]
    assert held["expires_at"] > "2026-11"
    assert await ask(hub, "stay list", text="grace", first="2026-12-23", last="2026-12-23") == [held]
    assert await ask(hub, "stay list", kind="hold") == [held]
    assert await ask(hub, "stay list", kind="reservation") == [stay]
    booked = await ask(hub, "stay hold-confirm", hold=held["id"], guests=2)
    assert (booked["guest"], booked["arrival"], booked["status"]) == ("Grace", "2026-12-22", "confirmed")
    assert await ask(hub, "stay list", kind="hold") == []
    with pytest.raises(Rejected, match="no such hold"):
        await ask(hub, "stay hold-let-go", hold=held["id"])
    nameless = await ask(hub, "stay hold", **days | {"arrival": "2026-12-26", "departure": "2026-12-27"})
    with pytest.raises(Rejected, match="--guest"):
        await ask(hub, "stay hold-confirm", hold=nameless["id"])
    assert (await ask(hub, "stay hold-let-go", hold=nameless["id"]))["id"] == nameless["id"]
    assert await ask(hub, "stay list", kind="hold") == []


async def test_a_party_takes_two_units_with_one_command(hub: Hub) -> None:
    await furnish(hub, SITE + '\n[[unit]]\nid = "loft"\nproperty = "home"\nname = "Loft"\nlocks = []\n')
    with pytest.raises(Rejected, match="--also loft=many"):
        await book(hub, also=["loft=many"])
    stay = await book(hub, guests=2, also=["loft=3"])
    told = await ask(hub, "stay group", stay=stay["id"])
    assert (told["reference"], told["units"], told["guests"]) == (stay["reference"], 2, 5)
    ids = [each["id"] for each in told["stays"]]
    assert (sorted(told["to_change"]), told["to_restore"]) == (sorted(ids), [])
    with pytest.raises(Rejected, match="say what changes"):
        await ask(hub, "stay group-move", stay=stay["id"])
    moved = await ask(hub, "stay group-move", stay=stay["id"], stays=ids, departure="2026-11-26")
    assert {each["departure"] for each in moved["stays"]} == {"2026-11-26"}
    gone = await ask(hub, "stay group-cancel", stay=stay["id"], stays=ids)
    assert sorted(gone["to_restore"]) == sorted(ids)
    back = await ask(hub, "stay group-restore", stay=stay["id"])
    assert {each["status"] for each in back["stays"]} == {"confirmed"}


async def test_a_stay_is_said_to_be_over_early_and_that_is_taken_back(hub: Hub) -> None:
    await furnish(hub)
    stay = await book(hub)
    stands = await ask(hub, "stay stage", stay=stay["id"])
    assert (stands["stage"], stands["history"][0]["stage"]) == ("confirmed", "confirmed")
    assert stands["may_become"] == ["checked_in", "cancelled"]
    with pytest.raises(Rejected, match="a stay that is confirmed becomes checked_in or cancelled"):
        await ask(hub, "stay stage", stay=stay["id"], stage="no_show")
    hub.clock.at = datetime(2026, 11, 23, 12, tzinfo=UTC)  # type: ignore[attr-defined]  # the clock of this test
    for stage, codes_left in (("checked_in", 1), ("checked_out", 0), ("checked_in", 1)):
        told = await ask(hub, "stay stage", stay=stay["id"], stage=stage, why="she rang")
        assert (told["stage"], told["history"][-1]["why"], len(await ask(hub, "codes"))) == (
            stage,
            "she rang",
            codes_left,
        )
    with pytest.raises(Rejected, match="there is no stay"):
        await ask(hub, "stay stage", stay="nobody")


async def test_what_is_over_is_listed_only_when_asked_for(hub: Hub) -> None:
    await furnish(hub)
    await book(hub)
    hub.clock.at += timedelta(days=30)  # type: ignore[attr-defined]  # the clock of this test

    assert await ask(hub, "stay list", unit="flat") == []
    assert len(await ask(hub, "stay list", unit="flat", past=True)) == 1
    with pytest.raises(Rejected, match="no unit called “attic”"):
        await ask(hub, "stay list", unit="attic")


async def test_a_double_booking_is_refused(hub: Hub) -> None:
    await furnish(hub)
    await book(hub)

    with pytest.raises(Rejected, match="somebody else stays there"):
        await book(hub, guest="Bob")


async def test_house_rules_that_would_make_stays_overlap_are_refused(hub: Hub) -> None:
    await furnish(hub)
    await book(hub)
    await book(hub, arrival="2026-11-25", departure="2026-11-26", anyway=True)

    with pytest.raises(Rejected, match="would overlap; nothing was changed"):
        await furnish(hub, SITE.replace('"Europe/Berlin"', '"Europe/Berlin"\ncheck_in = "10:00"'))
    assert {code["valid_from"] for code in await ask(hub, "codes")} == {"2026-11-22T13:00:00Z", "2026-11-25T13:00:00Z"}


async def test_a_booking_by_the_command_line_minds_the_rules_of_the_house_unless_told_otherwise(hub: Hub) -> None:
    await furnish(hub)
    stay = await book(hub)
    with pytest.raises(Rejected, match=r"12 h between two stays .--anyway does it all the same"):
        await book(hub, arrival="2026-11-25", departure="2026-11-26")
    told = await ask(hub, "stay change", stay=stay["id"], guest="Ada King", arrival="2026-11-23", guests=3, children=1)
    besides = {"special_requests": "A cot.\nLate dinner.", "company": "Analytical Ltd", "purpose": "business"}
    await ask(hub, "stay change", stay=stay["id"], **besides)
    row = await hub.store.read(lambda tx: stays.stay(tx, StayId(stay["id"])))
    assert row is not None
    assert {name: getattr(row, name) for name in besides} == besides
    assert (told["guest"], told["arrival"]) == ("Ada King", "2026-11-23")
    with pytest.raises(Rejected, match="say what changes"):
        await ask(hub, "stay change", stay=stay["id"])


# ---- people, programs, backups -------------------------------------------------------------------------------------


async def test_a_token_is_shown_once(hub: Hub) -> None:
    made_now = await ask(hub, "token add", name="Cleaning", scopes=["read", "unlock"], days=30)
    (listed,) = await ask(hub, "token list")

    assert made_now.pop("token").startswith(f"gh_{listed['id']}_")
    assert listed == made_now
    assert listed["scopes"] == ["read", "unlock"]
    assert await ask(hub, "token revoke", token=listed["id"]) == {"revoked": listed["id"]}
    with pytest.raises(Rejected, match="no live token"):
        await ask(hub, "token revoke", token=listed["id"])


async def test_a_set_up_code_makes_the_one_before_it_void(hub: Hub) -> None:
    first, second = [await ask(hub, "setup-code") for _ in range(2)]

    assert first["code"] != second["code"]


async def test_the_first_backup_shows_the_recovery_key_and_later_ones_do_not(hub: Hub, tmp_path: Path) -> None:
    first = await ask(hub, "backup")
    hub.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]  # the clock of this test
    second = await ask(hub, "backup", folder=str(tmp_path / "elsewhere"))
    hub.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]  # the clock of this test
    third = await ask(hub, "backup", new_recovery_key=True)

    assert Path(first["file"]).parent == hub.state_dir / "backups"
    assert Path(second["file"]).parent == tmp_path / "elsewhere"
    assert second["recovery_key"] is None
    assert len({first["recovery_key"], third["recovery_key"], None}) == 3
    assert [action for _, action in await audited(hub, "backups")].count("back up") == 3


async def test_the_status_says_what_is_wrong(hub: Hub) -> None:
    assert (await ask(hub, "status"))["level"] == "well"
    await furnish(hub)
    told = await ask(hub, "status")

    assert (told["running"], told["level"], told["clock_trusted"], told["safe_mode"]) == (False, "problem", True, False)
    assert told["time"] == "2026-11-21T12:00:00Z"
    assert [finding["about"] for finding in told["findings"]] == ["lock:front"]
    assert [lock["id"] for lock in told["locks"]] == ["front"]


async def test_a_stay_has_a_price_another_one_and_none(hub: Hub) -> None:
    await furnish(hub)
    added = await book(hub, price="450,50", currency="eur")
    assert added["price"] == "450.50 EUR"
    changed = await ask(hub, "stay extend", stay=added["id"], price="500")
    assert (changed["price"], changed["departure"]) == ("500.00 EUR", added["departure"])
    said = ["Accommodation 450", "cleaning: Final 50"]
    made_of = await ask(hub, "stay extend", stay=added["id"], line=said)
    assert made_of["price"] == "500.00 EUR", "their sum, in the currency of the price said last"
    assert made_of["price_lines"] == [["accommodation", 45_000], ["cleaning (Final)", 5_000]]
    assert (await ask(hub, "stay extend", stay=added["id"], unpriced=True))["price"] is None
    for wrong, words in (
        ({"price": "lots", "currency": "EUR"}, "must be written like 450.50"),
        ({"price": "5", "currency": "euros"}, "say in which currency"),
        ({"price": "5", "unpriced": True}, "not both"),
        ({"line": ["Cleaning"], "currency": "EUR"}, "has lines like “Final cleaning 50.00”, unlike “Cleaning”"),
        ({}, "say what changes"),
    ):
        with pytest.raises(Rejected, match=words):
            await ask(hub, "stay extend", stay=added["id"], **wrong)
