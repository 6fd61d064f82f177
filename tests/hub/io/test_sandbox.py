"""hub.io.sandbox: what hostile bytes make a reader do stays in the child."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.contracts import Sandbox
from hub.errors import Garbled
from hub.io import sandbox
from hub.io.sandbox import ChildSandbox, InlineSandbox, Limits

NAUGHTY = "tests.hub.io.naughty"


async def run(work: str, data: bytes = b"", **limits: Any) -> Any:
    return await ChildSandbox(Limits(**limits))(f"{NAUGHTY}:{work}", data)


async def why(work: str, data: bytes = b"", **limits: Any) -> str:
    with pytest.raises(Garbled) as refusal:
        await run(work, data, **limits)
    return str(refusal.value)


async def test_a_reader_is_given_the_bytes_and_its_answer_comes_back() -> None:
    assert await run("size", b"x" * 3_000_000) == {"size": 3_000_000}


async def test_the_child_sees_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_SECRET", "s3cret")
    assert "GATEHOUSE_SECRET" not in await run("environment")


async def test_the_child_loads_only_what_its_reader_needs() -> None:
    loaded = await ChildSandbox()(f"{NAUGHTY}:loaded", b"")
    assert "hub.errors" in loaded
    assert not {"asyncio", "pydantic", "aiohttp", "hub.contracts"} & set(loaded)


async def test_the_package_around_a_reader_is_not_run() -> None:
    assert await ChildSandbox()("tests.hub.io.heavy.reader:size", b"abc") == 3


async def test_a_refusal_passes_through_with_its_sentence_and_sample() -> None:
    with pytest.raises(Garbled, match="line 3 has no date") as refusal:
        await run("refuse")
    assert refusal.value.sample == "DTSTART"


async def test_a_reader_that_falls_is_named_by_kind_without_its_text() -> None:
    assert await why("fall") == "it could not be understood (KeyError)"


async def test_a_reader_that_does_not_exist_is_garbled_too() -> None:
    assert await why("nothing_of_the_kind") == "it could not be understood (AttributeError)"


async def test_endless_computing_is_stopped_by_the_processor_limit() -> None:
    assert await why("spin", cpu_s=1) == "reading it took more than 1 s of computing"


async def test_endless_waiting_is_stopped_by_the_wall_limit() -> None:
    assert await why("wait", wall_s=0.3) == "reading it took longer than 0.3 s"


async def test_hoarding_memory_is_refused() -> None:
    assert await why("hoard") == "reading it took more than 512 MB of memory"


async def test_an_answer_without_end_is_cut_off() -> None:
    assert await why("babble", answer_bytes=1024**2) == "what it says is longer than 1 MB"


@pytest.mark.parametrize("end", ["vanish", "leave_without_reading", "chat"])
async def test_a_child_that_breaks_off_is_garbled(end: str) -> None:
    assert await why(end) == "its reader broke off without an answer"


async def test_an_answer_of_another_shape_is_garbled() -> None:
    assert await why("shrug") == "its reader answered nonsense"


async def test_a_child_that_dies_before_it_has_read_everything_is_garbled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "CHILD", Path("/nonexistent/child.py"))
    assert await why("size", b"x" * 5_000_000) == "its reader broke off without an answer"


async def test_a_process_that_cannot_be_started_is_garbled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert (await why("size")).startswith("no process could be started to read it")


async def test_the_child_can_write_no_file(tmp_path: Path) -> None:
    target = tmp_path / "left-behind"
    assert await run("write_file", str(target).encode()) == "OSError"
    assert not target.exists() or target.stat().st_size == 0


async def test_cancelling_ends_the_child(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(run("spin", cpu_s=60))
        await _first_child()
        reading.cancel()
    assert reading.cancelled()
    assert not _children()


async def _first_child() -> None:
    for _turn in range(100_000):
        if _children():
            return
        await asyncio.sleep(0)
    pytest.fail("no child appeared")


def _children() -> list[str]:
    own = f"/proc/self/task/{Path('/proc/self').resolve().name}/children"
    return [child for child in Path(own).read_text().split() if _is_ours(child)]


def _is_ours(child: str) -> bool:
    try:
        return b"sandbox_child.py" in Path(f"/proc/{child}/cmdline").read_bytes()
    except OSError:  # it ended while we looked
        return False


async def test_no_more_children_than_allowed_run_at_once() -> None:
    reader = ChildSandbox(Limits(at_once=1))
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(reader(f"{NAUGHTY}:size", b"x" * n)) for n in range(3)]
        while not all(call.done() for call in calls):
            assert len(_children()) <= 1
            await asyncio.sleep(0)
    assert [call.result()["size"] for call in calls] == [0, 1, 2]


@pytest.mark.parametrize("kind", [InlineSandbox, ChildSandbox])
async def test_both_kinds_answer_alike(kind: type[Sandbox]) -> None:
    reader = kind()
    assert await reader(f"{NAUGHTY}:size", b"abc") == {"size": 3}
    with pytest.raises(Garbled, match="line 3 has no date"):
        await reader(f"{NAUGHTY}:refuse", b"")
