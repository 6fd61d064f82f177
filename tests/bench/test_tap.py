from __future__ import annotations

import asyncio

from tests.bench.tap import Tap, tapped

CALL = bytes.fromhex("010a001302036302012544e6")
RESPONSE, CALLBACK = bytes.fromhex("0104011301e8"), bytes.fromhex("010500134400ad")
REPORT = bytes.fromhex("010e000400020863030101313233349b")
"""As a host and zwave-js's mock exchanged them: User Code Get of slot 1, and its answer."""


async def test_a_question_and_its_answer_are_two_commands_and_pass_unchanged() -> None:
    async def stick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(len(CALL)) == CALL
        for cut in (slice(0, 20), slice(20, None)):
            writer.write((b"\x06" + RESPONSE + CALLBACK + REPORT)[cut])
            await writer.drain()
        assert await reader.read() == b""
        writer.close()

    tap = Tap()
    server = await asyncio.start_server(stick, "127.0.0.1", 0)
    async with server, tapped(tap, server.sockets[0].getsockname()[1]) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(CALL)
        assert await reader.readexactly(1 + len(RESPONSE + CALLBACK + REPORT)) == b"\x06" + RESPONSE + CALLBACK + REPORT
        writer.close()
        await writer.wait_closed()
    assert tap.commands == 2
    tap.clear()
    assert tap.commands == 0
