"""A code in more hands than one household has is a notice; a busy family is not."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.health import findings
from hub.model.alerts import Kind
from hub.model.values import LockId, PropertyId
from hub.sharing import MANY
from hub.store import log
from hub.store.engine import Tx
from hub.store.log import Entry
from tests.simulators.home import home, simulate


@pytest.mark.parametrize(("times", "told"), [(MANY - 1, False), (MANY, True)])
def test_only_what_no_household_does_is_told(tmp_path: Path, times: int, told: bool) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(minutes=10)
            stay, now = await house.stay(), house.hub.clock.now()

            def come_and_go(tx: Tx) -> None:
                for number in range(times):
                    at = now - timedelta(minutes=2 * number)
                    log.note(
                        tx,
                        Entry(at, LockId("front"), PropertyId("house"), "unlocked", "keypad", "Ada", 1, None, stay.id),
                    )

            await house.hub.store.write(come_and_go)
            found = await house.hub.store.read(lambda tx: findings(tx, house.hub))
            assert (Kind.CODE_SHARED in {each.kind for each in found}) is told

    simulate(scene())
