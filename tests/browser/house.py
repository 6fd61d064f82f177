"""A house as its manager has it: `gatehouse run` in a process of its own, simulated locks, and calendars over HTTP."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlencode

GATEHOUSE: Final = Path(sys.executable).with_name("gatehouse")
NAME: Final = "Robin"
PASSWORD: Final = "a lamp over the door"
COOKIE: Final = "gatehouse"

CLOCK: Final = "2027-03-05T13:30:00Z"
"""A Friday, half past two in Berlin: codes of today's guests have been due for half an hour."""
TODAY: Final = date(2027, 3, 5)

SITE: Final = """
[[property]]
id = "harbour"
name = "Harbour House"
timezone = "Europe/Berlin"
check_in = "15:00"
check_out = "11:00"
"""

T = TypeVar("T")


def until(what: str, condition: Callable[[], T | None], within_s: float = 30.0) -> T:
    """The first answer; asked again and again, because another process has no event to wait for."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if (answer := condition()) is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {within_s:.0f} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- calendars ------------------------------------------------------------------------------------------------------


class Calendars:
    """What the channels serve, to be changed at will."""

    def __init__(self) -> None:
        self._events: dict[str, list[str]] = {}
        self.broken: set[str] = set()
        """These answer with a web page, as a channel does whose address expired."""

    def book(self, feed: str, uid: str, summary: str, arrival: date, departure: date, description: str = "") -> None:
        event = [
            "BEGIN:VEVENT",
            f"UID:{uid}",
            f"SUMMARY:{summary}",
            "DTSTAMP:20270301T090000Z",
            f"DTSTART;VALUE=DATE:{arrival:%Y%m%d}",
            f"DTEND;VALUE=DATE:{departure:%Y%m%d}",
            *([f"DESCRIPTION:{description}"] if description else []),
            "END:VEVENT",
        ]
        self._events.setdefault(feed, []).append("\r\n".join(event))

    def told(self, feed: str) -> bytes:
        if feed in self.broken:
            return b"<!doctype html><title>This link has expired</title>"
        head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Channel//EN"
        return "\r\n".join([head, *self._events.get(feed, ()), "END:VCALENDAR", ""]).encode()

    @contextmanager
    def served(self) -> Iterator[str]:
        """Yields the address below which the feeds are."""
        told = self.told

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = told(self.path.strip("/").removesuffix(".ics"))
                self.send_response(200)
                self.send_header("Content-Type", "text/calendar")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name it has in the base
                """Requests are no news to a test."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()
                thread.join()


# ---- the plan of a house --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Door:
    id: str
    name: str
    model: str = "yale"
    battery: int = 90
    travel: float = 0.0
    """Seconds that its bolt takes."""
    quirks: str = ""
    """What is wrong with it, as TOML. Those that exist: drivers/simulator/quirks.py."""


@dataclass(frozen=True, slots=True)
class Unit:
    id: str
    name: str
    doors: tuple[str, ...]
    channel: str = ""
    """The source of its calendar, whose feed is called like the unit; empty: it has none."""


@dataclass(frozen=True, slots=True)
class Box:
    """A lock that nobody has added yet."""

    name: str
    model: str = "yale"
    security: str = "s2"


@dataclass(frozen=True, slots=True)
class Plan:
    doors: tuple[Door, ...] = ()
    units: tuple[Unit, ...] = ()
    boxes: tuple[Box, ...] = ()
    """With some, the stick can all that it takes to add them."""
    backups: int = 2
    """Backup codes in each lock."""

    def site(self, feeds: str) -> str:
        house = f"{SITE}\nbackups = {self.backups}"
        return "\n".join([house, *(self._lock(*each) for each in enumerate(self.doors, 2)), *self._units(feeds)])

    def config(self, listen: str, stick: int) -> str:
        locks = ", ".join(
            f'{{ address = "{node}", model = "{door.model}", name = "{door.name}", battery = {door.battery}, '
            f"travel = {door.travel}, quirks = {{ {door.quirks} }} }}"
            for node, door in enumerate(self.doors, 2)
        )
        locks += "".join(
            f', {{ model = "{box.model}", name = "{box.name}", security = "{box.security}" }}' for box in self.boxes
        )
        functions = "full" if self.boxes else "lean"
        return (
            f'database = "gatehouse.db"\nstate_dir = "state"\nkey_file = "key"\npublic_url = "http://{listen}"\n'
            f'[web]\nlisten = "{listen}"\n'
            f'[drivers.simulator]\nlisten = "127.0.0.1:{stick}"\ndelay = 0.01\nfunctions = "{functions}"\n'
            f"locks = [{locks}]\n"
            f'[drivers.zwave]\nport = "socket://127.0.0.1:{stick}"\n'
        )

    def _lock(self, node: int, door: Door) -> str:
        return (
            f'[[lock]]\nid = "{door.id}"\nproperty = "harbour"\nname = "{door.name}"\ndriver = "zwave"\n'
            f'address = "{node}"\nshared = {str(sum(door.id in unit.doors for unit in self.units) > 1).lower()}'
        )

    def _units(self, feeds: str) -> Iterator[str]:
        for unit in self.units:
            doors = ", ".join(f'"{door}"' for door in unit.doors)
            yield f'[[unit]]\nid = "{unit.id}"\nproperty = "harbour"\nname = "{unit.name}"\nlocks = [{doors}]'
            if unit.channel:
                yield (
                    f'[[channel]]\nid = "{unit.channel}-{unit.id}"\nunit = "{unit.id}"\nintegration = "ical"\n'
                    f'source = "{unit.channel}"\nurl = "{feeds}/{unit.id}.ics"'
                )


# ---- the running house ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Console:
    """What the hub prints where it was started."""

    lines: list[str] = field(default_factory=list)

    def follow(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.lines.extend(process.stdout)

    def setup_code(self) -> str | None:
        found = re.search(r"set-up code: (\S+)", "".join(self.lines))
        return None if found is None else found[1]


@dataclass(slots=True)
class House:
    url: str
    calendars: Calendars
    console: Console
    session: str = ""
    """The cookie of somebody who is signed in."""

    def setup_code(self) -> str:
        return until("the set-up code on the console", self.console.setup_code)

    def furnish_account(self) -> None:
        """Make the first account as a browser without pictures would."""
        form = {"code": self.setup_code(), "name": NAME, "password": PASSWORD, "again": PASSWORD}
        answer = self.ask("/setup", **form)
        found = re.search(rf"{COOKIE}=([^;]+)", answer.headers.get("Set-Cookie", ""))
        assert found is not None, answer.body
        self.session = found[1]

    def rehearse(self, door: str, **told: str) -> None:
        """Hands at a simulated lock: `act="silence"`, or `digits="123456"`."""
        self.send(f"/rehearsal/{door}/{'press' if 'digits' in told else 'act'}", **told)

    def send(self, path: str, **form: str) -> Answer:
        """A form of one of the pages, as somebody who is signed in."""
        csrf = re.search(r'name="csrf" value="(\w+)"', self.ask("/settings").body)
        assert csrf is not None
        answer = self.ask(path, csrf=csrf[1], **form)
        assert answer.status < 400, answer.body
        return answer

    def ask(self, path: str, **form: str) -> Answer:
        request = urllib.request.Request(self.url + path, urlencode(form).encode() if form else None)  # noqa: S310
        request.add_header("Origin", self.url)
        request.add_header("Cookie", f"{COOKIE}={self.session}")
        try:
            with _OPENER.open(request, timeout=15) as told:
                return Answer(told.status, dict(told.headers), told.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read().decode())


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A redirect is handed back as it is."""


_OPENER: Final = urllib.request.build_opener(_Staying)


@contextmanager
def running(folder: Path, plan: Plan, *, calendars: Calendars, clock: str = CLOCK, speed: float = 1) -> Iterator[House]:
    """`gatehouse run` with simulated locks, until left."""
    listen, config = f"127.0.0.1:{free_port()}", folder / "gatehouse.toml"
    config.write_text(plan.config(listen, free_port()))
    with calendars.served() as feeds:
        if plan.doors:
            (folder / "site.toml").write_text(plan.site(feeds))
            subprocess.run([GATEHOUSE, "apply", folder / "site.toml", "-c", config], check=True, capture_output=True)
        command = [str(GATEHOUSE), "run", "-c", str(config), "--clock", clock, "--speed", str(speed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            console = Console()
            reader = threading.Thread(target=console.follow, args=(process,))
            reader.start()
            try:
                yield _opened(House(f"http://{listen}", calendars, console))
            finally:
                process.terminate()
                process.wait(20)
                reader.join()


def _opened(house: House) -> House:
    def answers() -> bool | None:
        try:
            return house.ask("/signin").status > 0
        except urllib.error.URLError:
            return None

    try:
        until("the pages", answers)
    except AssertionError as error:
        raise AssertionError("".join(house.console.lines)) from error
    return house


# ---- houses that tests live in --------------------------------------------------------------------------------------

HARBOUR: Final = Plan(
    doors=(
        Door("front", "Front door"),
        Door("flat-1", "Flat 1", "kwikset"),
        Door("flat-2", "Flat 2", travel=1.5),
        Door("boathouse", "Boathouse"),
    ),
    units=(
        Unit("flat-1", "Flat 1", ("front", "flat-1"), channel="vrbo"),
        Unit("flat-2", "Flat 2", ("front", "flat-2"), channel="airbnb"),
    ),
)


@contextmanager
def harbour(folder: Path) -> Iterator[House]:
    """Two flats on a Friday; Grace Hopper comes today, and her code is proven."""
    calendars = Calendars()
    calendars.book("flat-1", "1@vrbo.com", "Reserved - Grace Hopper", TODAY, TODAY + timedelta(days=2))
    with running(folder, HARBOUR, calendars=calendars) as house:
        house.furnish_account()
        until("the code of Grace Hopper", lambda: house.ask("/").body.count("Code proven") == 2 or None)
        yield house
