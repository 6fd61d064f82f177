"""The simulator's hands over HTTP on the loopback, so that a test in another process can use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from drivers.simulator.faults import Faults
from drivers.simulator.locks import SimLock
from drivers.simulator.memory import Entry, KeysGiven
from drivers.simulator.quirks import Quirks
from drivers.simulator.security.keys import CALLED
from drivers.simulator.settings import LockSettings
from drivers.simulator.simulator import Simulator
from hub.errors import Rejected
from hub.model.values import Address, Position

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Asked = TypeVar("Asked", bound=BaseModel)

_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Press(_Body):
    digits: str = Field(repr=False)


class Turn(_Body):
    to: Literal["locked", "unlocked"]


class Drain(_Body):
    percent: int


class Jam(_Body):
    jammed: bool


class Silence(_Body):
    silent: bool


class Lasting(_Body):
    seconds: float = Field(ge=0)


class Program(_Body):
    slot: int
    digits: str | None = Field(repr=False)


def application(simulator: Simulator) -> web.Application:
    hands = _Hands(simulator)
    app = web.Application(middlewares=[_explain])
    app.add_routes(
        [
            web.get("/locks", hands.locks),
            web.get("/stick", hands.stick),
            web.get("/stick/faults", hands.faults),
            web.post("/stick/faults", hands.suffer),
            web.post("/stick/jam", hands.jam_air),
            web.post("/stick/unplug", hands.unplug),
            web.post("/stick/restart", hands.restart),
            web.post("/locks/{address}/flood", hands.flood),
            web.get("/journal", hands.journal),
            web.get("/locks/{address}", hands.lock),
            web.get("/locks/{address}/journal", hands.journal),
            web.post("/locks/{address}/press", hands.press),
            web.post("/locks/{address}/turn", hands.turn),
            web.post("/locks/{address}/drain", hands.drain),
            web.post("/locks/{address}/battery", hands.battery),
            web.post("/locks/{address}/jam", hands.jam),
            web.post("/locks/{address}/silence", hands.silence),
            web.post("/locks/{address}/program", hands.program),
            web.post("/locks/{address}/reset", hands.reset),
            web.post("/locks/{address}/quirks", hands.quirks),
            web.post("/locks/{address}/pair", hands.pair),
            web.get("/newcomers", hands.newcomers),
            web.post("/newcomers", hands.unpack),
            web.post("/newcomers/{address}/pair", hands.pair),
        ]
    )
    return app


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Rejected as error:
        return web.json_response({"error": str(error)}, status=409)
    except ValidationError as error:
        wrong = [
            {"at": ".".join(map(str, each["loc"])), "why": each["msg"]} for each in error.errors(include_input=False)
        ]
        return web.json_response({"error": "the body cannot be understood", "details": wrong}, status=400)


class _Hands:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def stick(self, _request: web.Request) -> web.Response:
        return web.json_response(asdict(self._simulator.tally))

    async def faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._simulator.faults.model_dump(mode="json"))

    async def suffer(self, request: web.Request) -> web.Response:
        """The faults named in the body change, the others stay."""
        held = self._simulator.faults.model_dump(mode="json")
        told = Faults.model_validate(held | _OBJECT.validate_json(await request.text()))
        self._simulator.suffer(told)
        return web.json_response(told.model_dump(mode="json"))

    async def jam_air(self, request: web.Request) -> web.Response:
        self._simulator.jam_air((await _body(request, Lasting)).seconds)
        return _done()

    async def unplug(self, request: web.Request) -> web.Response:
        self._simulator.unplug((await _body(request, Lasting)).seconds)
        return _done()

    async def restart(self, _request: web.Request) -> web.Response:
        self._simulator.restart()
        return _done()

    async def flood(self, request: web.Request) -> web.Response:
        self._simulator.flood(_address(request))
        return _done()

    async def locks(self, _request: web.Request) -> web.Response:
        return web.json_response([_told(self._simulator.look(address)) for address in self._simulator.doors])

    async def lock(self, request: web.Request) -> web.Response:
        return web.json_response(_told(self._simulator.look(_address(request))))

    async def journal(self, request: web.Request) -> web.Response:
        address = request.match_info.get("address")
        only = None if address is None else self._simulator.look(Address(address)).key
        entries = [entry for entry in self._simulator.journal if only in (None, entry.lock)]
        return web.json_response([_entry(entry) for entry in entries])

    async def press(self, request: web.Request) -> web.Response:
        asked = await _body(request, Press)
        return web.json_response({"opened": self._simulator.press(_address(request), asked.digits)})

    async def turn(self, request: web.Request) -> web.Response:
        asked = await _body(request, Turn)
        self._simulator.turn(_address(request), Position(asked.to))
        return _done()

    async def drain(self, request: web.Request) -> web.Response:
        asked = await _body(request, Drain)
        self._simulator.drain(_address(request), asked.percent)
        return _done()

    async def battery(self, request: web.Request) -> web.Response:
        self._simulator.change_battery(_address(request))
        return _done()

    async def jam(self, request: web.Request) -> web.Response:
        asked = await _body(request, Jam)
        self._simulator.jam(_address(request), jammed=asked.jammed)
        return _done()

    async def silence(self, request: web.Request) -> web.Response:
        asked = await _body(request, Silence)
        self._simulator.silence(_address(request), silent=asked.silent)
        return _done()

    async def program(self, request: web.Request) -> web.Response:
        asked = await _body(request, Program)
        self._simulator.program(_address(request), asked.slot, asked.digits)
        return _done()

    async def reset(self, request: web.Request) -> web.Response:
        self._simulator.reset(_address(request))
        return _done()

    async def quirks(self, request: web.Request) -> web.Response:
        """The quirks named in the body change and the others stay, but for the script: it is over unless told anew."""
        address = _address(request)
        held = self._simulator.look(address).quirks.model_dump(mode="json", exclude={"script"})
        told = Quirks.model_validate(held | _OBJECT.validate_json(await request.text()))
        self._simulator.become(address, told)
        return web.json_response(told.model_dump(mode="json"))

    async def pair(self, request: web.Request) -> web.Response:
        self._simulator.pair(_address(request))
        return _done()

    async def newcomers(self, _request: web.Request) -> web.Response:
        return web.json_response([asdict(each) for each in self._simulator.newcomers])

    async def unpack(self, request: web.Request) -> web.Response:
        """One more device in no network: the settings of a lock, without an address."""
        return web.json_response(asdict(self._simulator.unpack(await _body(request, LockSettings))))


def _address(request: web.Request) -> Address:
    return Address(request.match_info["address"])


async def _body(request: web.Request, kind: type[Asked]) -> Asked:
    return kind.model_validate_json(await request.text())


def _done() -> web.Response:
    return web.json_response({})


def _told(lock: SimLock) -> dict[str, Any]:
    memory = lock.memory
    return {
        "address": lock.address,
        "name": lock.settings.name,
        "model": lock.model.name,
        "bolt": memory.bolt.value,
        "jammed": memory.jammed,
        "silent": memory.silent,
        "battery": memory.battery,
        "slots": [
            {"slot": slot, "status": code.status, "digits": code.digits} for slot, code in sorted(memory.codes.items())
        ],
        "keys": sorted(CALLED[level] for level in lock.holds),
        "slot_count": lock.settings.slot_count,
        "parameters": {str(number): lock.parameter(number) for number in lock.model.parameters},
        "quirks": lock.quirks.model_dump(mode="json"),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = entry.model_dump(mode="json")
    if isinstance(entry.change, KeysGiven):
        told["change"]["keys"] = sorted(entry.change.keys)
    return told
