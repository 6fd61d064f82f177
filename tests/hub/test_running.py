from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.config import Config
from hub.contracts import Integration, Performer
from hub.model.effects import Effect, TellChannel
from hub.model.values import ChannelId, StayId, StayKind, StayStatus, UnitId
from hub.running import Turned, World, made
from hub.store import mail
from hub.store.stays import StayRow


class Curious(Integration):
    """A channel that wants to know when a code is ready."""

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {TellChannel: self._tell}

    async def _tell(self, effect: Effect, key: str) -> None:
        raise NotImplementedError


async def test_in_a_rehearsal_years_ahead_a_channel_is_told_at_once_all_the_same(tmp_path: Path) -> None:
    """The outbox keeps real time: a promise dated by the turned clock would lie there for years."""
    config = Config.model_validate(
        {"database": str(tmp_path / "gatehouse.db"), "state_dir": tmp_path / "state", "key_file": tmp_path / "key"}
    )
    world = World(turned=Turned(datetime(2040, 1, 1, tzinfo=UTC), 60.0), inline=True)
    async with made(config, world) as hub:
        hub.plugins.add_channel(ChannelId("curious"), Curious())
        at = hub.clock.now()
        stay = StayRow(
            id=StayId("s"),
            unit_id=UnitId("flat"),
            channel_id=ChannelId("curious"),
            kind=StayKind.RESERVATION,
            status=StayStatus.CONFIRMED,
            arrival=None,
            departure=None,
            own_check_in=None,
            own_check_out=None,
            check_in=at,
            check_out=at + timedelta(days=1),
            guest="Ada Lovelace",
            reference="HM1",
            phone_last4="",
            contact=None,
            guests=None,
            note="",
            made_at=at,
            changed_at=at,
        )
        await hub.store.write(lambda tx: hub.reconciler.record.proved(tx, stay))
        now = hub.wall.now()
        promise = await hub.store.write(lambda tx: mail.claim(tx, "channel:curious", now, now))
        assert promise is not None
        assert promise.key == "code_ready:s"
