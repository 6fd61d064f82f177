"""A guest with a link to their page, in a whole hub on a turned clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hub import guest_page
from hub.guest_page import GuestPage
from hub.health import findings
from hub.model.alerts import Finding, Kind
from hub.model.values import LockId, Pin, Secret
from hub.store import log
from hub.store.engine import Tx
from tests.simulators.home import Home

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
FRONT, BACK = LockId("front"), LockId("back")
MINUTE = timedelta(minutes=1)
DAY_BEFORE = CHECK_IN - timedelta(hours=20)
PUBLIC = "https://stay.example.com"


async def booked(house_: Home) -> Secret:
    """The link of a stay from 2 to 4 March."""
    house_.book("a", date(2027, 3, 2), date(2027, 3, 4))
    await house_.later(minutes=10)
    return await link_of(house_)


async def link_of(house_: Home, *, anew: bool = False) -> Secret:
    id_, desk = (await house_.stay()).id, house_.hub.desk
    return await house_.hub.store.write(lambda tx: guest_page.token_of(tx, desk, id_, "account:Robin", anew=anew))


async def page_of(house_: Home, link: Secret) -> GuestPage | None:
    return await house_.hub.store.read(lambda tx: guest_page.find(tx, house_.hub.desk, link.reveal()))


async def opened(house_: Home, link: Secret) -> GuestPage:
    page = await page_of(house_, link)
    assert page is not None
    return page


async def show(house_: Home, link: Secret) -> dict[LockId, str]:
    def work(tx: Tx) -> dict[LockId, Pin]:
        page = guest_page.find(tx, house_.hub.desk, link.reveal())
        assert page is not None
        return guest_page.show(tx, house_.hub.desk, page)

    return {lock: pin.reveal() for lock, pin in (await house_.hub.store.write(work)).items()}


async def complain(house_: Home, link: Secret, lock: LockId = FRONT, *, backup_too: bool = False) -> GuestPage:
    def work(tx: Tx) -> GuestPage:
        page = guest_page.find(tx, house_.hub.desk, link.reveal())
        assert page is not None
        after = guest_page.complain(tx, house_.hub.desk, page, lock, backup_too=backup_too)
        guest_page.show(tx, house_.hub.desk, after)
        return after

    return await house_.hub.store.write(work)


async def found(house_: Home, *kinds: Kind) -> list[Finding]:
    found = await house_.hub.store.read(lambda tx: findings(tx, house_.hub))
    return [each for each in found if each.kind in kinds]


async def deeds_of(house_: Home) -> list[tuple[str, str]]:
    id_ = (await house_.stay()).id
    return [(each.actor, each.action) for each in await house_.hub.store.read(lambda tx: log.deeds(tx, f"stay:{id_}"))]
