"""A house in which everything is the case at once: for looking at every page in all its states."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from tests.browser.house import TODAY, Box, Calendars, Door, House, Plan, Unit, running, until

PLAN: Final = Plan(
    doors=(
        Door("front", "Front door", battery=84),
        Door("flat-1", "Flat 1", "kwikset", battery=14),
        Door("flat-2", "Flat 2"),
        Door("boathouse", "Boathouse by the old jetty"),
        Door("studio", "Studio", "schlage"),
        Door("cellar", "Cellar", "august", battery=61),
    ),
    units=(
        Unit("flat-1", "Flat 1", ("front", "flat-1"), channel="vrbo"),
        Unit("flat-2", "Flat 2", ("front", "flat-2"), channel="airbnb"),
        Unit("boathouse", "Boathouse by the old jetty", ("front", "boathouse"), channel="booking_com"),
        Unit("studio", "Studio", ("studio",), channel="lodgify"),
    ),
    boxes=(Box("Gate"), Box("Attic", "kwikset", "s0")),
)
LONG_NAME: Final = "Hubert Wolfeschlegelsteinhausenbergerdorff and the Travelling Theatre Company of Lower Saxony"


def _day(number: int) -> date:
    return TODAY + timedelta(days=number)


def _calendars() -> Calendars:
    told = Calendars()
    told.book("flat-1", "1@vrbo.com", "Reserved - Grace Hopper", _day(0), _day(2))
    told.book("flat-1", "2@vrbo.com", f"Reserved - {LONG_NAME}", _day(3), _day(17))
    told.book("flat-1", "3@vrbo.com", "Blocked", _day(20), _day(22))
    told.book("flat-1", "4@vrbo.com", "Reserved - Nobody Knows", _day(30), _day(29))
    details = "https://www.airbnb.com/hosting/reservations/details/HMABCD1234\\nPhone Number (Last 4 Digits): 4711"
    told.book("flat-2", "5@airbnb.com", "Reserved", _day(-1), _day(1), details)
    told.book("boathouse", "6@booking.com", "CLOSED - Not available", _day(1), _day(3))
    told.broken.add("studio")
    return told


@contextmanager
def lived_in(folder: Path) -> Iterator[House]:
    with running(folder, PLAN, calendars=_calendars()) as house:
        house.furnish_account()
        until("the codes of the first guests", lambda: house.ask("/").body.count("Code proven") >= 2 or None)
        _make_trouble(house)
        _live(house)
        yield house


def _make_trouble(house: House) -> None:
    house.rehearse("boathouse", act="silence")
    _add(house, "boathouse", "Familie van der Meer", 0, 1)
    until("a lock that keeps silent", lambda: "does not answer" in house.ask("/").body or None)
    house.rehearse("studio", act="jam")
    house.send("/locks/studio/bolt", to="unlocked")
    for _ in range(5):
        house.rehearse("front", digits="000000")


def _live(house: House) -> None:
    code = _pin(house.send(f"{stay_called(house, 'Grace Hopper')}/code").body)
    house.rehearse("front", digits=code)
    house.rehearse("flat-1", digits=code)
    gone = _add(house, "flat-2", "Edsger Dijkstra", 6, 2)
    house.send(f"{gone}/cancel")
    house.send("/codes/new", label="The plumber", locks="flat-2", until="2027-03-05T20:00")
    for name in ("The kitchen display", "An old script"):
        house.send("/settings/tokens", name=name, scopes="read", days="90")
    for channel, unit in (("vrbo-flat-1", "flat-1"), ("airbnb-flat-2", "flat-2")):
        house.send(f"/channels/{channel}/units/{unit}/link")
    _fetch(house, "/channels/vrbo-flat-1/sync")
    house.send(
        "/units/flat-1/closures", kind="maintenance", first=f"{_day(40)}", until=f"{_day(43)}", note="the boiler"
    )
    revoke = re.findall(r'action="(/settings/tokens/\w+/revoke)"', house.ask("/settings/tokens").body)
    house.send(revoke[-1])
    until("an unlock", lambda: "unlocked Flat 1" in house.ask(stay_called(house, "Grace Hopper")).body or None)


def _fetch(house: House, page: str) -> None:
    """As the platform does."""
    found = re.search(r">\s*(http://[^<\s]+\.ics)", house.ask(page).body)
    assert found is not None, page
    with urllib.request.urlopen(found[1], timeout=15) as answer:  # noqa: S310  # the house's own address
        assert answer.status == 200


def _add(house: House, unit: str, guest: str, arrival: int, nights: int) -> str:
    told = {"arrival": _day(arrival).isoformat(), "departure": _day(arrival + nights).isoformat()}
    return house.send("/stays/new", unit=unit, guest=guest, check_in="12:00", **told).headers["Location"]


def _pin(page: str) -> str:
    found = re.search(r'id="pin-1"[^>]*>(\d+)<', page)
    assert found is not None, page
    return found[1]


def stay_called(house: House, guest: str) -> str:
    """Where the page of a stay is."""
    found = re.search(rf'href="(/stays/\w+)">{guest}<', house.ask("/stays").body)
    assert found is not None, guest
    return found[1]
