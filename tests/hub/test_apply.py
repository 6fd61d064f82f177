from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from hub.apply import Change, House, Plan, Prune, compare
from hub.errors import Misconfigured, Rejected
from hub.model.codes import Reading, Slot
from hub.model.values import ChannelId, LockId, PropertyId, StayId, StayKind, StayStatus, UnitId
from hub.site import parse
from hub.store import codes, house, log, stays, tables
from hub.store.engine import Store, Tx
from hub.store.house import Origin
from hub.store.stays import Source, StayRow
from tests.hub.site_house import NOW, SITE, Home, said, without


@pytest.fixture
def inline(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "house.db"), inline=True, synchronous="OFF") as opened:
        yield opened


@pytest.fixture
async def home(inline: Store) -> Home:
    await inline.write(lambda tx: tables.metadata.create_all(tx.sql))
    return Home(inline)


async def test_a_choice_about_encryption_is_said_and_can_be_taken_back(home: Home) -> None:
    chosen = SITE.replace('address = "4"', 'address = "4"\nremote_unlock_over_s0 = true\nunencrypted = true')
    told = said(await home.apply(chosen))
    assert (
        "Added lock “flat-1”: “Flat 1”, in home, zwave 4, not shared, unlocked from here over S0, "
        "meant to go without encryption."
    ) in told
    door = (await home.look()).locks["flat-1"]
    assert (door.remote_unlock_over_s0, door.unencrypted) == (True, True)
    (changed,) = said(await home.apply(SITE))
    assert changed == (
        "Changed lock “flat-1”: now not unlocked from here over S0 (was unlocked from here over S0), "
        "now not meant to go without encryption (was meant to go without encryption)."
    )


async def test_a_new_house_is_made_and_each_row_named(home: Home) -> None:
    done = await home.apply(SITE)

    assert said(done) == [
        (
            "Added property “home”: “Seaside”, Europe/Berlin, check-in 15:00, check-out 11:00, "
            "codes work 60 minutes before check-in, PINs of 6 digits, backup codes in each lock: 2, "
            "the access log is kept for 30 days, "
            "who a guest was is kept for 730 days after departure."
        ),
        "Added lock “front”: “Front door”, in home, zwave 3, shared.",
        "Added lock “flat-1”: “Flat 1”, in home, zwave 4, not shared.",
        "Added unit “flat-1”: “Flat 1”, in home, doors flat-1, front, a closure means ask.",
        "Added unit “attic”: “Attic”, in home, doors front, a closure means ask.",
        "Added channel “airbnb”: ical, for unit flat-1.",
    ]
    assert done.notes == ()
    assert done.touched_locks == {"front", "flat-1"}
    assert done.touched_units == {"flat-1", "attic"}
    assert done.touched_channels == {"airbnb"}
    now = await home.look()
    assert now.units["flat-1"].locks == ("flat-1", "front")
    assert now.channels["airbnb"].settings == {"url": "https://geheim.example/1"}


async def test_applying_twice_changes_nothing_the_second_time(home: Home) -> None:
    await home.apply(SITE)
    before = await home.look()
    again = await home.apply(SITE)

    assert again == Plan((), (), frozenset(), frozenset(), frozenset())
    assert await home.look() == before
    assert len(await home.store.read(lambda tx: log.deeds(tx, "site"))) == 1


async def test_a_dry_run_says_the_same_and_does_nothing(home: Home) -> None:
    would = await home.dry_run(SITE)

    assert (await home.look()) == House()
    assert would.changes[0].sentence(done=False).startswith("Would be added: property “home”: “Seaside”")
    assert (await home.apply(SITE)) == would


async def test_what_was_done_is_in_the_audit_trail_without_settings(home: Home) -> None:
    await home.apply(SITE)
    (deed,) = await home.store.read(lambda tx: log.deeds(tx, "site"))

    assert (deed.actor, deed.action, deed.outcome, deed.at) == ("root", "apply", "done", NOW)
    assert "Added channel “airbnb”" in deed.detail
    assert "geheim" not in deed.detail


@pytest.mark.parametrize(
    ("old", "new", "sentence", "touched"),
    [
        (
            '"Europe/Berlin"',
            '"Europe/Berlin"\ncheck_in = "16:00"',
            "Changed property “home”: now check-in 16:00 (was check-in 15:00).",
            {"flat-1", "attic"},
        ),
        (
            '"Europe/Berlin"',
            '"Europe/Lisbon"\ndigits = 4',
            "Changed property “home”: now Europe/Lisbon (was Europe/Berlin), now PINs of 4 digits (was PINs of 6 digits).",
            {"flat-1", "attic"},
        ),
        (
            '"Europe/Berlin"',
            '"Europe/Berlin"\ncode_lead = 30',
            "Changed property “home”: now codes work 30 minutes before check-in (was codes work 60 minutes before check-in).",
            {"flat-1", "attic"},
        ),
        (
            '"Front door"',
            '"Front door"\nbackups = 4',
            "Changed lock “front”: now at this lock backup codes: 4 (was codes as everywhere in the property).",
            set(),
        ),
        ('"Seaside"', '"Seaview"', "Changed property “home”: now “Seaview” (was “Seaside”).", set()),
        (
            '["front"]',
            '["front", "flat-1"]',
            "Changed unit “attic”: now doors flat-1, front (was doors front).",
            {"attic"},
        ),
        ('"Attic"', '"Loft"', "Changed unit “attic”: now “Loft” (was “Attic”).", set()),
        (
            'locks = ["front"]',
            'locks = ["front"]\nclosed_means = "block"',
            "Changed unit “attic”: now a closure means block (was a closure means ask).",
            {"attic"},
        ),
        ("example/1", "example/2", "Changed channel “airbnb”: another url.", set()),
        (
            'unit = "flat-1"',
            'unit = "attic"',
            "Changed channel “airbnb”: now for unit attic (was for unit flat-1).",
            {"flat-1", "attic"},
        ),
    ],
)
async def test_a_change_is_named_and_says_whose_stays_it_touches(
    home: Home, old: str, new: str, sentence: str, touched: set[str]
) -> None:
    await home.apply(SITE)
    assert old in SITE
    done = await home.apply(SITE.replace(old, new))

    assert said(done) == [sentence]
    assert done.touched_units == touched
    assert (await home.apply(SITE.replace(old, new))).changes == ()


async def test_a_row_changed_by_page_stays_as_it_is_and_that_is_said(home: Home) -> None:
    await home.apply(SITE)
    attic = replace((await home.look()).units["attic"], name="Under the roof", origin=Origin.PAGES)
    await home.store.write(lambda tx: house.keep_unit(tx, attic))
    done = await home.apply(SITE)

    assert done.changes == ()
    assert done.notes == ("unit “attic” was made or changed in the web pages; it stays as it is there.",)
    assert (await home.look()).units["attic"] == attic


async def test_what_was_made_by_page_is_never_removed(home: Home) -> None:
    await home.apply(SITE)
    loft = replace((await home.look()).units["attic"], id=UnitId("loft"), origin=Origin.PAGES)
    await home.store.write(lambda tx: house.keep_unit(tx, loft))
    await home.apply(SITE, Prune.EVEN_IN_USE)

    assert (await home.look()).units["loft"] == loft


async def test_nothing_is_removed_without_prune(home: Home) -> None:
    await home.apply(SITE)
    kept = await home.apply(without("unit attic"))

    assert kept.changes == ()
    assert kept.notes == ("unit “attic” is no longer in the site file; it stays unless you say --prune.",)
    assert "attic" in (await home.look()).units


async def test_prune_removes_what_an_earlier_file_made(home: Home) -> None:
    await home.apply(SITE)
    done = await home.apply("", Prune.UNUSED)

    assert [(change.what.value, change.row.id) for change in done.changes] == [
        ("removed", "home"),
        ("removed", "flat-1"),
        ("removed", "front"),
        ("removed", "attic"),
        ("removed", "flat-1"),
        ("removed", "airbnb"),
    ]
    assert await home.look() == House()


def stay(unit: str, *, days: int = 2, status: StayStatus = StayStatus.CONFIRMED) -> StayRow:
    return StayRow(
        id=StayId(f"stay-{unit}"),
        unit_id=UnitId(unit),
        channel_id=ChannelId("airbnb"),
        kind=StayKind.RESERVATION,
        status=status,
        arrival=None,
        departure=None,
        own_check_in=None,
        own_check_out=None,
        check_in=NOW - timedelta(days=3),
        check_out=NOW + timedelta(days=days),
        guest="Ada",
        reference="",
        phone_last4="",
        contact=None,
        guests=None,
        note="",
        made_at=NOW,
        changed_at=NOW,
    )


async def book(home: Home, row: StayRow) -> None:
    def work(tx: Tx) -> None:
        stays.keep(tx, row)
        stays.keep_source(tx, Source(ChannelId("airbnb"), f"uid-{row.id}", row.id, b"", "", NOW))

    await home.store.write(work)


@pytest.mark.parametrize("status", [StayStatus.CONFIRMED, StayStatus.TENTATIVE])
async def test_a_unit_with_live_stays_is_removed_only_when_told_twice(home: Home, status: StayStatus) -> None:
    await home.apply(SITE)
    await book(home, stay("attic", status=status))
    before = await home.look()

    with pytest.raises(Rejected, match=r"unit “attic” has stays that are not over \(1\); cancel them") as refusal:
        await home.apply(without("unit attic").replace("Seaside", "Other"), Prune.UNUSED)
    assert "nothing was changed" in str(refusal.value)
    assert await home.look() == before

    await home.apply(without("unit attic"), Prune.EVEN_IN_USE)
    assert "attic" not in (await home.look()).units


@pytest.mark.parametrize(
    "past", [stay("attic", days=-1), stay("attic", status=StayStatus.CANCELLED)], ids=["over", "cancelled"]
)
async def test_a_unit_whose_stays_are_over_is_removed_when_told_once(home: Home, past: StayRow) -> None:
    await home.apply(SITE)
    await book(home, past)
    await home.apply(without("unit attic"), Prune.UNUSED)

    assert "attic" not in (await home.look()).units


def grant(lock: str) -> dict[str, object]:
    return {
        "id": "g1",
        "lock_id": lock,
        "pin": b"sealed",
        "tag": "t",
        "digits": 6,
        "start": NOW,
        "end": NOW + timedelta(days=2),
        "made_at": NOW,
        "revoked_at": NOW,
    }


LESS = without("lock flat-1").replace('["front", "flat-1"]', '["front"]')


async def test_a_lock_that_holds_codes_of_ours_is_removed_only_when_told_twice(home: Home) -> None:
    await home.apply(SITE)
    await home.store.write(lambda tx: tx.sql.execute(insert(tables.grants).values(**grant("flat-1"))))

    with pytest.raises(Rejected, match=r"lock “flat-1” holds or awaits codes of ours \(1\); wait until they are"):
        await home.apply(LESS, Prune.UNUSED)
    assert "flat-1" in (await home.look()).locks

    await home.apply(LESS, Prune.EVEN_IN_USE)
    assert "flat-1" not in (await home.look()).locks


async def test_a_lock_on_the_way_of_a_live_stay_is_removed_only_when_told_twice(home: Home) -> None:
    await home.apply(SITE)
    await book(home, stay("flat-1"))

    with pytest.raises(Rejected, match="lock “flat-1” is a door of flat-1, with stays that are not over; take it"):
        await home.apply(LESS, Prune.UNUSED)

    await home.apply(LESS)
    await home.apply(LESS, Prune.UNUSED)
    assert "flat-1" not in (await home.look()).locks


async def test_a_channel_with_live_stays_does_not_move_to_another_unit(home: Home) -> None:
    await home.apply(SITE)
    await book(home, stay("flat-1"))

    with pytest.raises(Rejected, match="channel “airbnb” told of stays that are not over"):
        await home.apply(SITE.replace('unit = "flat-1"', 'unit = "attic"'), Prune.EVEN_IN_USE)
    assert (await home.look()).channels["airbnb"].unit == "flat-1"


ACCOUNT = """
[[channel]]
id = "guesty"
integration = "guesty"
units = { "L-1" = "flat-1", "L-2" = "attic" }
"""


async def test_the_listings_of_an_account_are_joined_and_taken_apart_by_the_file(home: Home) -> None:
    told = said(await home.apply(SITE + ACCOUNT))
    assert "Added channel “guesty”: guesty, for flat-1 (L-1), attic (L-2)." in told
    assert said(await home.apply(SITE + ACCOUNT)) == []
    (changed,) = said(await home.apply(SITE + ACCOUNT.replace(', "L-2" = "attic"', "")))
    assert changed == "Changed channel “guesty”: now for flat-1 (L-1) (was for flat-1 (L-1), attic (L-2))."
    assert (await home.look()).channels["guesty"].units == {"L-1": "flat-1"}
    with pytest.raises(Misconfigured, match="there is no unit"):
        await home.apply(SITE + ACCOUNT.replace('"attic"', '"castle"'))


async def test_a_lock_at_another_address_is_believed_nothing(home: Home) -> None:
    await home.apply(SITE)

    def learnt(tx: Tx) -> None:
        tx.sql.execute(insert(tables.lock_state).values(lock_id="front", battery=50))
        codes.keep_slot(tx, LockId("front"), replace(Slot.unknown(1), reading=Reading.EMPTY), NOW)

    await home.store.write(learnt)
    done = await home.apply(SITE.replace('"3"', '"7"'))

    assert said(done) == ["Changed lock “front”: now zwave 7 (was zwave 3)."]
    assert done.touched_locks == {"front"}
    assert done.touched_units == {"flat-1", "attic"}
    (row,) = await home.store.read(lambda tx: tx.sql.execute(select(tables.lock_state)).mappings().all())
    assert {name for name, told in row.items() if told not in (None, 0)} == {"lock_id", "emptied_at"}
    (slot,) = await home.store.read(lambda tx: codes.slots_of(tx, LockId("front")))
    assert slot.reading is Reading.UNKNOWN


async def test_two_locks_may_trade_addresses(home: Home) -> None:
    await home.apply(SITE)
    await home.apply(SITE.replace('"3"', '"x"').replace('"4"', '"3"').replace('"x"', '"4"'))

    locks = (await home.look()).locks
    assert (locks["front"].address, locks["flat-1"].address) == ("4", "3")


async def test_a_lock_may_take_the_address_of_one_that_goes_in_the_same_breath(home: Home) -> None:
    await home.apply(SITE)
    renamed = SITE.replace('id = "front"', 'id = "gate"').replace('"front"', '"gate"')

    with pytest.raises(Misconfigured) as refusal:
        await home.apply(renamed)
    assert refusal.value.key == "lock “gate”.address"
    assert "zwave 3 is lock “front” already" in refusal.value.why

    await home.apply(renamed, Prune.UNUSED)
    assert set((await home.look()).locks) == {"gate", "flat-1"}


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        (
            'property = "home"\nname = "Front',
            'property = "hom"\nname = "Front',
            "lock “front”.property",
            'mean "home"?',
        ),
        ('property = "home"\nname = "Attic', 'property = "x"\nname = "Attic', "unit “attic”.property", "[[property]]"),
        ('["front"]', '["fromt"]', "unit “attic”.locks", 'there is no lock "fromt"; did you mean "front"?'),
        ('unit = "flat-1"', 'unit = "flat-2"', "channel “airbnb”.unit", 'did you mean "flat-1"?'),
    ],
)
async def test_a_name_that_leads_nowhere_is_refused_and_nothing_done(
    home: Home, old: str, new: str, key: str, words: str
) -> None:
    assert old in SITE
    with pytest.raises(Misconfigured) as refusal:
        await home.apply(SITE.replace(old, new))

    assert refusal.value.key == key
    assert words in refusal.value.why
    assert await home.look() == House()


async def test_a_file_may_name_what_an_earlier_one_made(home: Home) -> None:
    await home.apply(SITE)
    more = '[[unit]]\nid = "cellar"\nproperty = "home"\nname = "Cellar"\nlocks = ["front"]\n'

    assert said(await home.apply(more)) == ["Added unit “cellar”: “Cellar”, in home, doors front, a closure means ask."]


async def test_a_property_that_a_page_still_needs_is_not_removed(home: Home) -> None:
    await home.apply(SITE)
    loft = replace((await home.look()).units["attic"], id=UnitId("loft"), locks=(), origin=Origin.PAGES)
    await home.store.write(lambda tx: house.keep_unit(tx, loft))

    with pytest.raises(Misconfigured, match=r'unit “loft”\.property: there is no property "home"; it was made'):
        await home.apply("", Prune.EVEN_IN_USE)
    assert PropertyId("home") in (await home.look()).properties


async def test_what_may_be_a_slip_is_said_and_done(home: Home) -> None:
    odd = SITE.replace('"Europe/Berlin"', '"Europe/Berlin"\ncheck_in = "10:00"').replace('["front"]', "[]")
    odd = odd.replace("shared = true\n", "").replace('["front", "flat-1"]', '["flat-1"]')
    both = odd + '[[unit]]\nid = "den"\nproperty = "home"\nname = "Den"\nlocks = ["flat-1"]\n'

    assert (await home.apply(both)).notes == (
        (
            "property “home”: check-out is later than check-in, so the codes of two stays that follow each other "
            "work at the same time."
        ),
        "unit “attic” has no lock, so its guests get no code.",
        "lock “flat-1” opens for guests of flat-1 and den without being called shared.",
    )


def test_a_change_never_shows_settings() -> None:
    site = parse(tomllib.loads(SITE), drivers={"zwave"}, check_channel=lambda name, settings, key: None)
    changes: tuple[Change, ...] = compare(site, House(), Prune.NOTHING).changes

    assert "geheim" not in repr(changes)
    assert all("geheim" not in change.sentence(done=True) for change in changes)
