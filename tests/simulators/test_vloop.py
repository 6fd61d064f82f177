import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.simulators.vloop import RealWorld, Stuck, VirtualLoop, run


def test_a_year_of_hours_passes_at_once_and_ends_on_the_second() -> None:
    async def year() -> float:
        for _ in range(365 * 24):
            await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began = time.perf_counter()
    assert run(year()) == 365 * 24 * 3600
    assert time.perf_counter() - began < 5


def test_timers_fire_in_the_order_of_their_times() -> None:
    fired: list[float] = []

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)
        fired.append(seconds)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for seconds in (3.0, 1.0, 2.0):
                group.create_task(sleep(seconds))

    run(main(), seed=7)
    assert fired == [1.0, 2.0, 3.0]


def order(seed: int | None) -> list[int]:
    seen: list[int] = []

    async def turn(number: int) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
            seen.append(number)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(turn(number))

    run(main(), seed=seed)
    return seen


def test_one_seed_is_one_order_and_another_seed_another() -> None:
    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(None) == [0, 1, 2, 3, 4] * 5


def test_a_wait_for_nothing_is_reported() -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck):
        run(forever())


def test_a_deadline_in_virtual_time_ends_a_wait() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.get_running_loop().create_future()
        return asyncio.get_running_loop().time()

    assert run(main()) == 10


def test_what_would_need_a_thread_runs_in_place() -> None:
    async def main() -> bool:
        return await asyncio.to_thread(threading.get_ident) == threading.get_ident()

    assert run(main())


def test_the_error_of_what_would_need_a_thread_reaches_the_waiting() -> None:
    async def main() -> None:
        await asyncio.to_thread(int, "x")

    with pytest.raises(ValueError, match="invalid literal"):
        run(main())


def test_those_who_are_stopped_together_stop_in_the_order_in_which_they_began() -> None:
    stopped: list[int] = []

    async def wait(number: int) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            stopped.append(number)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(wait(number))
            await asyncio.sleep(1)
            raise LookupError

    with pytest.raises(ExceptionGroup):
        run(main())
    assert stopped == list(range(50))


def test_another_thread_is_refused() -> None:
    loop = VirtualLoop()
    refused: list[BaseException] = []

    def reach_in() -> None:
        try:
            loop.call_soon_threadsafe(print)
        except RealWorld as error:
            refused.append(error)

    thread = threading.Thread(target=reach_in)
    thread.start()
    thread.join()
    loop.close()
    assert len(refused) == 1


async def connect() -> None:
    await asyncio.open_connection("127.0.0.1", 9)


async def look_up() -> None:
    await asyncio.open_connection("localhost", 9)


async def serve() -> None:
    await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)


async def read_a_socket() -> None:
    here, there = socket.socketpair()
    with here, there:
        asyncio.get_running_loop().add_reader(here, print)


async def start_a_process() -> None:
    await asyncio.create_subprocess_exec("true")


@pytest.mark.parametrize("real", [connect, look_up, serve, read_a_socket, start_a_process])
def test_real_input_and_output_is_refused(real: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with pytest.raises((RealWorld, NotImplementedError)):
        run(real())
