"""Guests are told their codes by themselves (R76): a day before check-in, once, and again when the digits change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import guest_page, guest_text
from hub.errors import Rejected, Unavailable
from hub.guest_text import Words
from hub.guests_told import ToldNow
from hub.health import findings
from hub.io.vault import Vault
from hub.model.alerts import Kind
from hub.model.guest_told import Present, Telling, telling
from hub.model.values import Address, PropertyId, StayStatus
from hub.store import restoring, settings
from hub.store.backup import back_up, restore
from hub.store.guest_messages import MessageState
from hub.store.places import place_of
from tests.hub.test_booking_news import Post
from tests.simulators.building import Memory
from tests.simulators.home import DATABASE, Home, home, simulate
from tests.simulators.managers.all import MANAGERS
from tests.simulators.managers.plugged import DESK, plugged

ADA = "ada@example.org"
CHECK_IN = datetime(2027, 3, 4, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
BY = "account:Robin"
RULES: dict[str, Any] = {"tell_hours": 24, "guest_phone": "+49 170 1234567"}
Work = Callable[[Home, Post], Awaitable[None]]


def played(folder: Path, work: Work, memory: Memory | None = None, **rules: Any) -> None:
    async def main() -> None:
        async with home(folder, [memory or Memory(Address("front"))], **(RULES | rules)) as made:
            post = Post()
            made.hub.plugins.add_service("post", post)
            await work(made, post)

    simulate(main())


async def booked(made: Home, arrival: date = date(2027, 3, 4), **more: Any) -> None:
    made.book("a", arrival, date(2027, 3, 6), **({"email": ADA} | more))
    await made.later(minutes=10)


async def stands(made: Home) -> ToldNow:
    row = await made.stay()
    now = await made.hub.store.read(lambda tx: made.hub.guest_teller.stands(tx, row))
    assert now is not None
    return now


async def untold(made: Home) -> list[str]:
    found = await made.hub.store.read(lambda tx: findings(tx, made.hub))
    return [each.sentence for each in found if each.kind is Kind.GUEST_UNTOLD]


async def tell(made: Home) -> None:
    id_ = (await made.stay()).id
    await made.hub.store.write(lambda tx: made.hub.guest_teller.tell(tx, id_, BY))


async def said(made: Home, hours: int) -> None:
    """Of the property."""
    words = Words("", "", None, hours)
    now = made.hub.clock.now()
    await made.hub.store.write(lambda tx: guest_text.of_property(tx, PropertyId("house"), words, BY, now))


SOME = Present(24, CHECK_IN, arrived=False, reached=True, open=True, told=False, others=False)


@pytest.mark.parametrize(
    ("is_", "now", "state"),
    [
        (SOME, CHECK_IN - DAY - MINUTE, Telling.LATER),
        (SOME, CHECK_IN - DAY, Telling.NOW),
        (replace(SOME, open=False), CHECK_IN - DAY, Telling.HELD),
        (replace(SOME, open=False), CHECK_IN + timedelta(hours=23), Telling.HELD),
        (SOME, CHECK_IN + timedelta(hours=23), Telling.NOW),
        (SOME, CHECK_IN + DAY, Telling.BY_HAND),
        (replace(SOME, arrived=True), CHECK_IN + MINUTE, Telling.BY_HAND),
        (replace(SOME, hours=0), CHECK_IN - MINUTE, Telling.BY_HAND),
        (replace(SOME, reached=False), CHECK_IN - MINUTE, Telling.BY_HAND),
        (replace(SOME, told=True), CHECK_IN - MINUTE, Telling.TOLD),
        (replace(SOME, told=True, others=True, arrived=True), CHECK_IN + 2 * DAY, Telling.NOW),
        (replace(SOME, told=True, others=True, open=False), CHECK_IN - MINUTE, Telling.HELD),
        (replace(SOME, told=True, others=True, hours=0), CHECK_IN - MINUTE, Telling.BY_HAND),
    ],
)
def test_when_a_guest_is_told(is_: Present, now: datetime, state: Telling) -> None:
    assert telling(is_, now) is state


def test_a_guest_is_told_a_day_before_by_e_mail_and_only_once(tmp_path: Path) -> None:
    """The lock takes its codes an hour before check-in, and has answered: the words are true for it, too."""

    async def work(made: Home, post: Post) -> None:
        await booked(made)
        assert (await stands(made)).state is Telling.LATER
        await made.until(CHECK_IN - DAY - MINUTE)
        assert post.mails == []
        await made.until(CHECK_IN - DAY + MINUTE)
        (mail,) = post.mails
        assert (mail.to, mail.subject) == (ADA, "Your stay: Flat")
        assert mail.text == (
            f"Hello Ada Lovelace,\n\nyour code for Flat, House: {await made.digits()}\n\nIt works from Thursday 4 March, 15:00 "
            "until Saturday 6 March, 11:00. Type it at the keypad and wait for the light.\n\n"
            "If something does not work, call +49 170 1234567."
        )
        now = await stands(made)
        assert (now.state, now.message is not None and now.message.state) == (Telling.TOLD, MessageState.HANDED_OVER)
        made.hub.bus.signal("stays")
        await made.until(CHECK_IN + DAY)
        assert made.lock("front").holds(await made.digits())
        assert len(post.mails) == 1
        assert await untold(made) == []

    played(tmp_path, work)


def test_who_books_late_is_told_at_once_and_who_cancels_never(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        await booked(made, date(2027, 3, 1))
        assert [mail.to for mail in post.mails] == [ADA]
        made.book("b", date(2027, 3, 4), date(2027, 3, 6), "Grace Hopper", email="grace@example.org")
        await made.later(minutes=10)
        made.rebook("b", status=StayStatus.CANCELLED)
        await made.until(CHECK_IN)
        assert len(post.mails) == 1

    played(tmp_path, work)


def test_a_code_that_is_not_sure_is_not_told_and_is_as_soon_as_it_is(tmp_path: Path) -> None:
    memory = Memory(Address("front"), silent=True)

    async def work(made: Home, post: Post) -> None:
        await booked(made)
        await made.until(CHECK_IN - 20 * timedelta(hours=1))
        now = await stands(made)
        assert (now.state, post.mails) == (Telling.HELD, [])
        assert now.why == "a lock has not answered lately, or has no room"
        memory.silent = False
        await made.until(CHECK_IN - 2 * timedelta(hours=1))
        assert len(post.mails) == 1

    played(tmp_path, work, memory)


def test_other_digits_are_told_again_and_say_so(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        await booked(made, date(2027, 3, 1))
        first, row = await made.digits(), await made.stay()
        await made.hub.store.write(lambda tx: made.hub.intake.redraw(tx, row.id, BY))
        await made.later(minutes=30)
        assert await made.digits() != first
        assert len(post.mails) == 2
        said = "please do not use the one that you were told before. Your code for Flat, House:"
        assert f"there is another code for your stay; {said} {await made.digits()}" in post.mails[1].text

    played(tmp_path, work)


def test_where_guests_have_a_page_they_are_sent_its_link(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        hub = made.hub
        await booked(made, date(2027, 3, 1))
        (mail,) = post.mails
        row = await made.stay()
        link = await hub.store.read(lambda tx: guest_page.known(tx, hub.desk, row.id))
        assert link is not None
        assert f"https://stay.example.com/g/{link.reveal()}" in mail.text
        assert await made.digits() not in mail.text
        (kept,) = await hub.store.read(lambda tx: hub.messages.written(tx, row.id))
        assert link.reveal() not in kept.text, "whoever sees the page of the stay does not see the guest's link"

    played(tmp_path, work, public_url="https://stay.example.com")


def test_what_was_refused_or_may_be_lost_is_an_alert_until_a_person_has_told_them(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        post.mood = Rejected("the mailbox is unknown")
        await booked(made, date(2027, 3, 1))
        assert await untold(made) == ["Ada Lovelace was not told the code, by the mail server: the mailbox is unknown."]
        assert (await stands(made)).wrong
        post.mood = Unavailable("the mail server did not answer in time")
        await tell(made)
        await made.later(hours=2)
        (sentence,) = await untold(made)
        assert sentence.startswith("Nobody knows whether Ada Lovelace was told the code, by the mail server:")
        post.mood = None
        await made.later(hours=2)
        assert post.mails == [], "what may have been sent is not sent again by itself"
        row = await made.stay()
        await made.hub.store.write(lambda tx: made.hub.guest_teller.told_by_hand(tx, row.id, BY))
        assert await untold(made) == []
        await made.later(hours=2)
        assert post.mails == []

    played(tmp_path, work)


def test_what_has_not_left_is_tried_again_and_told_of_after_half_an_hour(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        post.mood = Unavailable("the mail server refuses", untouched=True)
        await booked(made, date(2027, 3, 1))
        assert await untold(made) == []
        await made.later(minutes=40)
        assert await untold(made) == [
            "Ada Lovelace could not be told the code yet, by the mail server: the mail server refuses."
        ]
        post.mood = None
        await made.later(hours=1, minutes=30)
        assert len(post.mails) == 1
        assert await untold(made) == []

    played(tmp_path, work)


def test_who_left_the_telling_to_people_or_cannot_be_reached_is_told_by_hand(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        await booked(made, date(2027, 3, 1), email="")
        now = await stands(made)
        assert (now.state, now.channel) == (Telling.BY_HAND, None)
        assert now.why.startswith("“feed” is a calendar")
        made.rebook("a", email=ADA)
        await said(made, 0)
        await made.later(hours=1)
        assert (await stands(made)).why == "this property tells its guests by hand"
        assert (post.mails, await untold(made)) == ([], [])
        await tell(made)
        await tell(made)
        await made.later(minutes=5)
        assert len(post.mails) == 1, "a press sends it all the same, and two do once"
        await tell(made)
        await made.later(minutes=5)
        assert len(post.mails) == 2

    played(tmp_path, work)


def test_without_an_address_it_goes_through_the_channel(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["hostaway"]) as (made, desk):
            await said(made, 24)
            desk.book(1, email="")
            await made.later(minutes=10)
            row = next(iter(await made.stays()))
            (letter,) = desk.letters
            digits = await made.digits(row.guest)
            assert (letter[0], digits in letter[1]) == (1, True)
            now = await made.hub.store.read(lambda tx: made.hub.guest_teller.stands(tx, row))
            assert (now and now.channel, now and now.state) == (DESK, Telling.TOLD)

    simulate(main())


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("linked", [False, True], ids=["code", "link"])
def test_neither_a_restart_nor_an_old_backup_tells_anybody_twice(tmp_path: Path, linked: bool) -> None:
    """But a link that ended with the restore is told anew: the guest has nothing else."""
    memory, rules = Memory(Address("front")), RULES | ({"public_url": "https://stay.example.com"} if linked else {})

    async def life(start: datetime, folder: Path | None = None) -> tuple[Path | None, int, datetime]:
        public = {"public_url": rules["public_url"]} if linked else {}
        first = folder is not None
        async with home(tmp_path, [memory], start=start, furnish=first, **(rules if first else public)) as made:
            post, hub, saved = Post(), made.hub, None
            hub.plugins.add_service("post", post)
            made.book("a", date(2027, 3, 1), date(2027, 3, 6), email=ADA)
            if folder is not None:
                post.mood = Unavailable("not yet", untouched=True)
                await made.later(minutes=5)
                at = hub.clock.now()
                saved = back_up(hub.store.place, hub.state_dir, folder, hub.vault, recovery=None, now=at).file
                post.mood = None
            await made.later(minutes=10)
            if await hub.store.read(lambda tx: bool(settings.safe_mode(tx))):
                assert post.mails == []
                await hub.store.write(restoring.leave_safe_mode)
                await made.later(minutes=10)
            return saved, len(post.mails), hub.clock.now()

    start = datetime(2027, 3, 1, 9, tzinfo=UTC)
    saved, told, ended = simulate(life(start, tmp_path / "backups"))
    assert saved is not None
    assert told == 1
    _, told, ended = simulate(life(ended))
    assert told == 0
    place = place_of(DATABASE.get() or str(tmp_path / "gatehouse.db"))
    restore(saved, Vault.load(tmp_path / "key"), place, tmp_path / "state")
    _, told, _ = simulate(life(ended + MINUTE))
    assert told == (1 if linked else 0)
