"""Calendars that say what they said last time. `python -m tests.bench.still_feeds COUNT` prints its port, then a line a round.

Half of them answer 304 where they are asked for what is new; the others send the same bytes again, as most do.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from tests.bench import homes

EVENTS = 30
TAG = '"as-ever"'
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Expedia Group//Vrbo//EN\r\n"


def calendar(number: int, first: str) -> str:
    days = range(EVENTS)
    return HEAD + "".join(_event(f"{number}-{day}", first, day) for day in days) + "END:VCALENDAR\r\n"


def _event(uid: str, year: str, number: int) -> str:
    """Four nights in every twelve days of a year to come."""
    month, day = 1 + number // 3 % 12, 1 + number % 3 * 9
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}@vrbo.com\r\nSUMMARY:Reserved - Guest {uid}\r\n"
        f"DTSTART;VALUE=DATE:{year}{month:02}{day:02}\r\nDTEND;VALUE=DATE:{year}{month:02}{day + 4:02}\r\nEND:VEVENT\r\n"
    )


async def serve(count: int) -> None:
    year = str(homes.today().year + 1)
    texts = [calendar(number, year) for number in range(count)]
    asked = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if asked % count == 0:
            sys.stdout.write("all\n")
            sys.stdout.flush()
        number = int(request.match_info["number"])
        if number % 2:
            return web.Response(text=texts[number], content_type="text/calendar")
        if request.headers.get("If-None-Match") == TAG:
            return web.Response(status=304, headers={"ETag": TAG})
        return web.Response(text=texts[number], content_type="text/calendar", headers={"ETag": TAG})

    app = web.Application()
    app.router.add_get("/{number}.ics", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
