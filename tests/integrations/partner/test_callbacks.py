"""integrations.partner: how a partner is told that a code is ready."""

from __future__ import annotations

import json

import pytest

from hub.contracts import Host
from hub.errors import Misconfigured, Rejected, Unavailable
from hub.model.effects import TellChannel
from hub.model.values import ChannelId, StayId
from integrations.partner import start
from integrations.partner.signature import signed
from integrations.partner.webhooks import Partner
from tests.integrations.conftest import StoppedClock
from tests.integrations.partner.test_partner import OLD, SECRET, config
from tests.integrations.servers import Site

READY = TellChannel(ChannelId("agency"), StayId("01J"), "XY12", "code_ready")


def listening(server: Site, host: Host) -> Partner:
    return start(config(callback_url=server.url("/hook"), previous_secret=OLD), host)


async def test_the_partner_is_told_with_a_signature_it_can_check(server: Site, host: Host, clock: StoppedClock) -> None:
    server.answer("/hook", 204)
    await listening(server, host).perform[TellChannel](READY, "promise-1")
    (asked,) = server.asked
    told = asked.headers
    assert json.loads(asked.body) == {
        "id": "promise-1",
        "event": "code_ready",
        "booking": {"reference": "XY12", "stay": "01J"},
    }
    assert (asked.method, told["x-gatehouse-delivery"], told["content-type"]) == (
        "POST",
        "promise-1",
        "application/json",
    )
    assert signed(asked.body, [SECRET], told["x-gatehouse-timestamp"], told["x-gatehouse-signature"])
    assert told["x-gatehouse-timestamp"] == str(int(clock.now().timestamp()))


@pytest.mark.parametrize(
    ("status", "kind"), [(500, Unavailable), (429, Unavailable), (401, Rejected), (404, Rejected), (302, Rejected)]
)
async def test_a_partner_that_does_not_listen_is_tried_again_or_shown(
    server: Site, host: Host, status: int, kind: type[Exception]
) -> None:
    server.answer("/hook", status, Location="/elsewhere")
    with pytest.raises(kind):
        await listening(server, host).perform[TellChannel](READY, "promise-1")


async def test_a_callback_to_a_metadata_address_is_misconfigured(host: Host) -> None:
    partner = start(config(callback_url="http://169.254.169.254/"), host)
    with pytest.raises(Misconfigured, match="callback_url"):
        await partner.perform[TellChannel](READY, "promise-1")
