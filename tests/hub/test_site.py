from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.errors import Misconfigured
from hub.site import Site, load, parse
from hub.store.house import ClosedMeans, Origin

CONFIG = Path(__file__).parents[2] / "config"

PROPERTY = """
[[property]]
id = "home"
name = "Seaside"
timezone = "Europe/Berlin"
"""
LOCK = """
[[lock]]
id = "front"
property = "home"
name = "Front door"
driver = "zwave"
address = "3"
"""
UNIT = """
[[unit]]
id = "flat"
property = "home"
name = "Flat"
locks = ["front"]
"""
CHANNEL = """
[[channel]]
id = "airbnb"
unit = "flat"
integration = "ical"
url = "https://geheim.example/x.ics"
"""
HOUSE = PROPERTY + LOCK + UNIT + CHANNEL


def check_channel(integration: str, settings: Mapping[str, Any], key: str) -> None:
    if integration == "ownerrez":
        return
    if integration != "ical":
        raise Misconfigured(f"{key}.integration", f'"{integration}" is not known; known here: ical')
    if "url" not in settings:
        raise Misconfigured(f"{key}.url", "is missing")


def read(text: str) -> Site:
    return parse(tomllib.loads(text), drivers={"zwave"}, check_channel=check_channel)


def test_a_house_is_understood_with_its_usual_hours() -> None:
    site = read(HOUSE)

    (home,) = site.properties
    assert (home.id, home.name, home.zone, home.origin) == ("home", "Seaside", ZoneInfo("Europe/Berlin"), Origin.SITE)
    assert (home.check_in, home.check_out, home.code_lead) == (time(15), time(11), timedelta(hours=1))
    assert home.digits == 6
    (front,) = site.locks
    assert (front.id, front.property, front.driver, front.address) == ("front", "home", "zwave", "3")
    assert not front.shared
    (flat,) = site.units
    assert (flat.id, flat.property, flat.locks, flat.closed_means) == ("flat", "home", ("front",), ClosedMeans.ASK)
    (airbnb,) = site.channels
    assert (airbnb.id, airbnb.unit, airbnb.integration) == ("airbnb", "flat", "ical")
    assert airbnb.settings == {"url": "https://geheim.example/x.ics"}
    assert "geheim" not in repr(site)


def test_what_a_lock_may_do_without_good_encryption_is_said_of_it_alone() -> None:
    (front,) = read(HOUSE).locks
    assert (front.remote_unlock_over_s0, front.unencrypted) == (False, False)
    (front,) = read(swap("driver =", "remote_unlock_over_s0 = true\nunencrypted = true\ndriver =")).locks
    assert (front.remote_unlock_over_s0, front.unencrypted) == (True, True)


@pytest.mark.parametrize(
    ("lead", "minutes"), [("60", 60), ('"60m"', 60), ('"90 min"', 90), ('"2h"', 120), ("0", 0), ('"24h"', 1440)]
)
def test_the_lead_is_minutes_or_says_its_unit(lead: str, minutes: int) -> None:
    site = read(HOUSE.replace('"Europe/Berlin"', f'"Europe/Berlin"\ncode_lead = {lead}'))

    assert site.properties[0].code_lead == timedelta(minutes=minutes)


def test_hours_may_be_written_as_text_or_as_a_time_of_toml() -> None:
    site = read(HOUSE.replace('"Europe/Berlin"', '"Europe/Berlin"\ncheck_in = 16:30:00\ncheck_out = "09:05"'))

    assert (site.properties[0].check_in, site.properties[0].check_out) == (time(16, 30), time(9, 5))


def test_doors_are_kept_in_one_order_and_once() -> None:
    attic = LOCK.replace('"front"', '"attic"').replace('"3"', '"9"')
    site = read(HOUSE.replace('["front"]', '["front", "attic", "front"]') + attic)

    assert site.units[0].locks == ("attic", "front")


AGENCY = '[[channel]]\nid = "agency"\nintegration = "partner"\nsecret = "a secret between us two"\n'
GUESTY = """
[[channel]]
id = "guesty"
integration = "guesty"
client_id = "x"
"""


def account(text: str) -> Site:
    return parse(tomllib.loads(HOUSE + text), drivers={"zwave"}, check_channel=lambda *_: None)


def test_an_account_names_its_listings_and_a_channel_its_unit() -> None:
    channel = account(GUESTY + 'units = { "507f" = "flat" }').channels[1]
    assert (channel.unit, channel.units, channel.settings) == (None, {"507f": "flat"}, {"client_id": "x"})
    assert account(GUESTY).channels[1].units == {}, "the pages can say it too"
    agency = account(AGENCY + 'units = { "sea" = "flat" }').channels[1]
    assert (agency.unit, agency.units) == (None, {"sea": "flat"})
    assert account(AGENCY + 'unit = "flat"').channels[1].unit == "flat"
    assert account(GUESTY.replace('n = "guesty"', 'n = "guestly"')).channels[1].integration == "guesty"


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (GUESTY + 'unit = "flat"', "channel “guesty”.unit", "an account lets several units"),
        (AGENCY, "channel “agency”.unit", "is missing"),
        (AGENCY + 'unit = "flat"\nunits = { "sea" = "flat" }', "channel “agency”.units", "asked for one unit"),
        (CHANNEL.replace('unit = "flat"\n', "").replace("airbnb", "vrbo"), "channel “vrbo”.unit", "is missing"),
        (CHANNEL.replace("airbnb", "vrbo") + 'units = { "1" = "flat" }', "channel “vrbo”.units", "for one unit"),
        (GUESTY + 'units = { "" = "flat" }', "channel “guesty”.units", ""),
    ],
)
def test_one_that_does_it_the_other_way_is_told(text: str, key: str, words: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        account(text)
    assert refusal.value.key.startswith(key)
    assert words in refusal.value.why


def test_an_empty_file_describes_nothing() -> None:
    assert read("") == Site((), (), (), ())


@pytest.mark.parametrize("example", sorted(CONFIG.glob("site-*.toml")), ids=lambda path: path.name)
def test_the_examples_that_come_along_are_right(example: Path) -> None:
    site = load(example, drivers={"zwave"}, check_channel=check_channel)

    assert site.properties
    assert site.units
    assert site.channels


def swap(old: str, new: str) -> str:
    assert old in HOUSE
    return HOUSE.replace(old, new, 1)


MALFORMED = [
    (swap("[[lock]]", "[[loc]]"), "loc", 'did you mean "lock"?'),
    (swap("[[property]]", "[property]"), "property", "two brackets, [[property]]"),
    ('unit = "flat"', "unit", "two brackets, [[unit]]"),
    (swap('id = "front"\n', ""), "lock no. 1.id", "is missing"),
    (swap('id = "front"', 'id = "front door"'), "lock “front door”.id", "only letters, digits"),
    (swap('id = "front"', "id = 3"), "lock no. 1.id", "text in quotes"),
    (swap('id = "front"', 'id = "../x"'), "lock “../x”.id", "must begin with a letter or digit"),
    (swap('name = "Seaside"\n', ""), "property “home”.name", "is missing"),
    (swap('name = "Seaside"', 'name = " "'), "property “home”.name", "must not be empty"),
    (swap('"Europe/Berlin"', '"Europe/Berln"'), "property “home”.timezone", 'did you mean "Europe/Berlin"?'),
    (swap('"Europe/Berlin"', '"+01:00"'), "property “home”.timezone", 'write it like "Europe/Berlin"'),
    (swap('"Europe/Berlin"', "1"), "property “home”.timezone", "is not a time zone"),
    (swap('timezone = "Europe/Berlin"\n', ""), "property “home”.timezone", "is missing"),
    (swap("timezone =", 'check_in = "25:00"\ntimezone ='), "property “home”.check_in", 'e.g. "15:00"'),
    (swap("timezone =", 'check_in = "3 pm"\ntimezone ='), "property “home”.check_in", 'e.g. "15:00"'),
    (swap("timezone =", "check_out = 11\ntimezone ="), "property “home”.check_out", 'e.g. "15:00"'),
    (swap("timezone =", "check_out = 11:00:30\ntimezone ="), "property “home”.check_out", 'e.g. "15:00"'),
    (swap("timezone =", "digits = 3\ntimezone ="), "property “home”.digits", "greater than or equal to 4"),
    (swap("timezone =", 'digits = "6"\ntimezone ='), "property “home”.digits", "whole number"),
    (swap("timezone =", 'code_lead = "3 days"\ntimezone ='), "property “home”.code_lead", '"60m" or "1h"'),
    (swap("timezone =", 'code_lead = "25h"\ntimezone ='), "property “home”.code_lead", "not be more than 24h"),
    (swap("timezone =", "code_lead = true\ntimezone ="), "property “home”.code_lead", '"60m" or "1h"'),
    (swap("timezone =", "chekin = 1\ntimezone ="), "property “home”.chekin", 'did you mean "check_in"?'),
    (swap('driver = "zwave"', 'driver = "zwav"'), "lock “front”.driver", 'did you mean "zwave"?'),
    (swap('driver = "zwave"', 'driver = "mqtt"'), "lock “front”.driver", "add a section [drivers.mqtt]"),
    (swap('address = "3"', "address = 3"), "lock “front”.address", "text in quotes"),
    (swap('address = "3"', 'address = ""'), "lock “front”.address", "must not be empty"),
    (swap("driver =", 'shared = "yes"\ndriver ='), "lock “front”.shared", "true or false"),
    (swap('["front"]', '"front"'), "unit “flat”.locks", "must be a list"),
    (swap('["front"]', "[3]"), "unit “flat”.locks.0", "text in quotes"),
    (swap("locks =", 'closed_means = "maybe"\nlocks ='), "unit “flat”.closed_means", "'ask', 'reservation' or 'block'"),
    (swap("integration =", "made = 2026-01-01\nintegration ="), "channel “airbnb”.made", "must be text, a number"),
    (swap('"ical"', '"iclal"'), "channel “airbnb”.integration", "known here: ical"),
    (swap("url =", "uri ="), "channel “airbnb”.url", "is missing"),
    (HOUSE + PROPERTY, "property “home”.id", "is used 2 times"),
    (HOUSE + LOCK.replace('"front"', '"back"'), "lock “back”.address", "zwave 3 is lock “front” already"),
]


@pytest.mark.parametrize(("text", "key", "words"), MALFORMED)
def test_a_malformed_file_names_the_entry_the_field_and_the_cure(text: str, key: str, words: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        read(text)

    assert refusal.value.key == key
    assert words in refusal.value.why
    assert "geheim" not in str(refusal.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Misconfigured) as refusal:
        read(HOUSE.replace('"zwave"', '"zwav"').replace("timezone", "timezon").replace("url", "uri"))

    keys = [line.split(":")[0] for line in str(refusal.value).splitlines()]
    assert keys == ["property “home”.timezon", "lock “front”.driver", "channel “airbnb”.url"]


def test_a_file_that_is_not_toml_is_answered_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('[[property]]\nid = "home\n')

    with pytest.raises(Misconfigured, match="line 2"):
        load(tmp_path / "site.toml", drivers=(), check_channel=check_channel)
