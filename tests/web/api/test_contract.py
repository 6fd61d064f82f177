"""What the description promises, asked by somebody who has read nothing else: Schemathesis against a running server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from hub.model.people import Scope
from hub.store import questions
from hub.store.questions import Question
from tests.web.api.conftest import NOW, Api


async def examine(api: Api, tmp_path: Path, *more: str, token: str) -> str:
    """What Schemathesis printed; empty if it found nothing."""
    command = Path(sys.executable).with_name("st")
    process = await asyncio.create_subprocess_exec(
        command, "run", f"{api.url}/api/v1/openapi.json", "-H", f"Authorization: Bearer {token}", "--no-color",
        "--generation-deterministic", *more,
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    return "" if process.returncode == 0 else printed.decode()


@pytest.fixture
async def asked(api: Api) -> Api:
    question = Question("q1", "gone", api.stay, "Is it cancelled?", (("keep", "No"), ("cancel", "Yes")), NOW)
    await api.hub.store.write(lambda tx: questions.ask(tx, question))
    return api


async def test_schemathesis_finds_nothing(asked: Api, tmp_path: Path) -> None:
    # Revoking comes last, by itself: it may revoke the token that all others need.
    more = ("--exclude-operation-id", "revoke_token", "--max-examples", "8")
    found = await examine(asked, tmp_path, *more, token=asked.token)
    assert not found, found


async def test_schemathesis_finds_nothing_where_tokens_are_revoked(asked: Api, tmp_path: Path) -> None:
    await asked.token_with(Scope.READ)
    more = ("--include-operation-id", "revoke_token", "--include-operation-id", "list_tokens", "--max-examples", "8")
    found = await examine(asked, tmp_path, *more, token=asked.token)
    assert not found, found
