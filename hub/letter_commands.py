"""What the command line may ask about letters that wait for a person; the decisions themselves are in hub/letters.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from pydantic import JsonValue

from hub import letters
from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.hub import Hub
from hub.model.chain import written
from hub.store import mail
from hub.store.engine import Tx


async def _list(hub: Hub, actor: str, ask: asks.Letters) -> JsonValue:
    return [
        {
            "id": letters.name_of(each),
            "about": each.about,
            "since": written(each.since),
            "why": each.why,
        }
        for each in await hub.store.read(mail.dead)
    ]


async def _settle(hub: Hub, actor: str, ask: asks.LetterSettle) -> JsonValue:
    def work(tx: Tx) -> JsonValue:
        letter, now = letters.find(tx, ask.letter), hub.clock.now()
        if ask.again:
            letters.retry(tx, letter, actor, now, hub.wall.now())
        else:
            letters.dismiss(tx, letter, actor, now)
        return letters.name_of(letter)

    return await hub.store.write(work)


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.Letters: _list,
    asks.LetterSettle: _settle,
}
