import asyncio
import threading

import pytest

from hub.bus import EVERYTHING, Bus


async def test_names_that_come_together_are_heard_together_and_once() -> None:
    bus = Bus()
    async with bus.listen() as ear:
        for name in ("lock:front", "stay:1", "lock:front"):
            bus.signal(name)
        assert await anext(ear) == {"lock:front", "stay:1"}


async def test_an_ear_hears_only_its_prefixes() -> None:
    bus = Bus()
    async with bus.listen("lock:", "stay:") as ear:
        bus.signal_all({"lock:front", "health", "stay:1"})
        assert await anext(ear) == {"lock:front", "stay:1"}


async def test_what_is_signalled_while_one_is_busy_is_heard_next() -> None:
    bus = Bus()
    heard = []
    async with bus.listen() as ear:
        bus.signal("first")
        async for names in ear:
            heard.append(names)
            if "second" in names:
                break
            bus.signal("second")
    assert heard == [{"first"}, {"second"}]


async def test_nothing_is_heard_before_entering_or_after_leaving() -> None:
    bus = Bus()
    ear = bus.listen()
    bus.signal("early")
    async with ear:
        pass
    bus.signal("late")
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await anext(ear)


async def test_giving_up_waiting_loses_nothing() -> None:
    bus = Bus()
    async with bus.listen() as ear:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(ear)
        bus.signal("lock:front")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(ear)
        assert await anext(ear) == {"lock:front"}


async def test_too_many_names_become_a_look_at_everything() -> None:
    bus = Bus()
    async with bus.listen("lock:", most=3) as ear:
        for number in range(3):
            bus.signal(f"lock:{number}")
        assert await anext(ear) == {"lock:0", "lock:1", "lock:2"}
        for number in range(100):
            bus.signal(f"lock:{number}")
        assert await anext(ear) == {EVERYTHING}
        bus.signal("lock:1")
        assert await anext(ear) == {"lock:1"}


async def test_a_signal_from_another_thread_wakes_a_waiting_ear() -> None:
    bus = Bus()
    async with bus.listen() as ear:
        waiting = asyncio.ensure_future(anext(ear))
        await asyncio.sleep(0)
        thread = threading.Thread(target=bus.signal, args=("lock:front",))
        thread.start()
        async with asyncio.timeout(5):
            assert await waiting == {"lock:front"}
        thread.join()


async def test_no_name_is_lost_between_threads() -> None:
    bus = Bus()
    expected = {f"name:{number}" for number in range(2_000)}
    heard: set[str] = set()

    def speak() -> None:
        for name in sorted(expected):
            bus.signal(name)

    async with bus.listen("name:", most=5_000) as ear, asyncio.timeout(10):
        thread = threading.Thread(target=speak)
        thread.start()
        while heard != expected:
            heard |= await anext(ear)
        thread.join()


async def test_every_ear_hears() -> None:
    bus = Bus()
    async with bus.listen("a") as first, bus.listen("a") as second:
        bus.signal("a")
        assert await anext(first) == await anext(second) == {"a"}


async def test_a_lock_does_not_hear_of_another_whose_name_begins_like_its_own() -> None:
    bus = Bus()
    async with bus.listen("heard:door", "clock") as ear:
        bus.signal_all(["heard:door-2", "clocks"])
        bus.signal("heard:door")
        assert await anext(ear) == {"heard:door"}


async def test_what_is_forgotten_is_not_heard_and_what_comes_after_it_is() -> None:
    bus = Bus()
    async with bus.listen("lock:") as ear:
        bus.signal("lock:front")
        ear.forget()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(ear)
        bus.signal("lock:side")
        assert await anext(ear) == {"lock:side"}
