"""People are told the codes of their passes by themselves: once they open the doors, when something changes, and at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub import health, people
from hub.errors import Rejected, Unavailable
from hub.model.alerts import Kind, QuietHours, Way
from hub.model.passes import EveryWeek, Turnover, read_hours
from hub.model.people import PersonKind, ToldBy
from hub.model.values import Address, LockId, PassId, PersonId, PropertyId
from hub.people import Who, Wish
from hub.store import alerts, pass_news, passes
from hub.store.alerts import Sent, Wishes
from hub.store.tables import outbox
from tests.hub.test_booking_news import Post
from tests.simulators.box import BoxClock
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, START, Home, home, simulate

FRONT, BACK = LockId("front"), LockId("back")
MARIA = "maria@example.com"
CLEANER = Who("Maria", PersonKind.CLEANER, email=MARIA, phone="+49 170 1234567")
MORNINGS = EveryWeek(read_hours("Mon-Fri 08:00-12:00"))
BY = "account:Robin"


def played(
    folder: Path,
    work: Callable[[Home, Post], Awaitable[None]],
    memories: list[Memory] | None = None,
    start: datetime = START,
    *,
    doubted: bool = False,
) -> None:
    """`doubted`: on a clock that may be set."""

    async def main() -> None:
        async with home(folder, memories, start=start, clock=BoxClock(start) if doubted else None) as made:
            post = Post()
            made.hub.plugins.add_service("post", post)
            await work(made, post)

    simulate(main())


async def person(made: Home, who: Who = CLEANER) -> PersonId:
    return await made.hub.store.write(lambda tx: people.add(tx, made.hub.desk, who, BY))


async def give(made: Home, whose: PersonId, wish: Wish) -> PassId:
    return await made.hub.store.write(lambda tx: people.give(tx, made.hub.desk, whose, wish, BY))


async def again(made: Home, id_: PassId) -> None:
    await made.hub.store.write(lambda tx: made.hub.pass_teller.send_again(tx, id_, BY))


async def pins(made: Home, id_: PassId) -> dict[LockId, str]:
    """Without anybody having looked."""
    row = await made.hub.store.read(lambda tx: passes.pass_with(tx, id_))
    assert row is not None
    return {
        door.lock: made.hub.vault.open_pin(door.pin, about=f"pass:{id_}:{door.lock}").reveal() for door in row.doors
    }


async def pin(made: Home, id_: PassId) -> str:
    (only,) = set((await pins(made, id_)).values())
    return only


def test_a_code_that_is_proven_is_told_once_with_doors_hours_and_task(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        id_ = await give(
            made, await person(made), Wish((FRONT, BACK), MORNINGS, name="Cleaning", note="Park in the yard.")
        )
        await made.later(minutes=3)
        (mail,) = post.mails
        assert (mail.to, mail.subject) == (MARIA, "Your door code: House")
        assert mail.text == (
            "Hello Maria,\n\nyour door code for House, Cleaning:\n\n"
            f"  {await pin(made, id_)}  Back and Front\n\n"
            "It works Mon-Fri 08:00-12:00.\n\nPark in the yard.\n\n"
            "It is yours alone: please pass it on to nobody.\n"
        )
        assert made.lock("front").holds(await pin(made, id_))
        row = await made.hub.store.read(lambda tx: passes.pass_with(tx, id_))
        assert row is not None
        assert all(door.told_at for door in row.doors), "it is not changed without telling her"
        await made.later(days=1, hours=1)
        assert len(post.mails) == 1, "the same hours of another day are no news"

    played(tmp_path, work, [Memory(Address("front")), Memory(Address("back"))])


def test_nobody_is_told_before_every_lock_has_it_nor_where_people_tell(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.lock("back").silent = True
        whose = await person(made)
        await give(made, whose, Wish((BACK,)))
        by_hand = await person(made, replace(CLEANER, name="Otto", told_by=ToldBy.HAND))
        await give(made, by_hand, Wish((FRONT,)))
        nobody = await person(made, Who("Nina", PersonKind.STAFF))
        await give(made, nobody, Wish((FRONT,)))
        await made.later(minutes=5)
        assert post.mails == []
        made.lock("back").silent = False
        await made.later(hours=2)
        assert [mail.to for mail in post.mails] == [MARIA]

    played(tmp_path, work, [Memory(Address("front")), Memory(Address("back"))])


def test_who_chose_it_is_told_by_sms_in_one_line(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        whose = await person(made, replace(CLEANER, told_by=ToldBy.SMS))
        until = START + timedelta(hours=3)
        id_ = await give(made, whose, Wish((FRONT,), until=until, uses=1, name="Boiler", note="Park in the yard."))
        await made.later(minutes=3)
        (sms,) = post.texts
        assert sms.to == CLEANER.phone
        told = f"your door code {await pin(made, id_)} for Front. It works until Monday 1 March, 13:00 (Boiler)."
        assert sms.text == f"House: {told} Park in the yard."
        assert post.mails == []
        with pytest.raises(Rejected, match="telephone number"):
            await person(made, Who("Nina", PersonKind.STAFF, told_by=ToldBy.SMS))

    played(tmp_path, work)


def test_a_way_that_nobody_set_up_is_an_alert_and_one_that_nobody_chose_is_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            by_sms = await person(made, replace(CLEANER, told_by=ToldBy.SMS))
            await give(made, by_sms, Wish((FRONT,)))
            await give(made, by_sms, Wish((FRONT,), name="Windows"))
            await give(made, await person(made, replace(CLEANER, name="Otto")), Wish((FRONT,)))
            await made.later(minutes=3)
            alert, *others = await made.hub.store.read(alerts.raised)
            assert (alert.kind, alert.about, others) == (Kind.NOBODY_SENDS, f"person:{by_sms}:codes", [])
            found = await made.hub.store.read(lambda tx: health.findings(tx, made.hub))
            assert [each.kind for each in found] == [Kind.NOBODY_SENDS], "of her two passes it is said once"

    simulate(main())


def test_other_digits_and_other_hours_are_told_and_another_name_is_not(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        id_ = await give(made, await person(made), Wish((FRONT,), MORNINGS))
        await made.later(minutes=3)
        first = await pin(made, id_)
        await made.hub.store.write(lambda tx: people.redraw(tx, made.hub.desk, id_, BY))
        await made.later(minutes=3)
        assert [mail.subject for mail in post.mails[1:]] == ["Your door code has changed: House"]
        assert await pin(made, id_) in post.mails[1].text
        assert first not in post.mails[1].text
        longer = Wish((FRONT,), EveryWeek(read_hours("Mon-Fri 08:00-13:00")))
        await made.hub.store.write(lambda tx: people.alter(tx, made.hub.desk, id_, longer, BY))
        await made.later(minutes=3)
        assert "It works Mon-Fri 08:00-13:00." in post.mails[2].text
        named = replace(longer, name="Windows")
        await made.hub.store.write(lambda tx: people.alter(tx, made.hub.desk, id_, named, BY))
        await made.later(days=1)
        assert len(post.mails) == 3

    played(tmp_path, work)


def test_a_pass_that_ends_or_rests_is_told_in_a_word_and_told_anew_when_it_goes_on(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        id_ = await give(made, await person(made), Wish((FRONT,), name="Cleaning"))
        await made.later(minutes=3)
        await made.hub.store.write(lambda tx: people.pause(tx, made.hub.desk, id_, BY))
        await made.later(minutes=3)
        assert post.mails[-1].subject == "Your door code is off: House"
        assert post.mails[-1].text.startswith("Hello Maria,\n\nyour door code for House, Cleaning is off.")
        assert await pin(made, id_) not in post.mails[-1].text
        await made.hub.store.write(lambda tx: people.resume(tx, made.hub.desk, id_, BY))
        await made.later(minutes=3)
        assert post.mails[-1].subject == "Your door code: House"
        await made.hub.store.write(lambda tx: people.end(tx, made.hub.desk, id_, BY))
        await made.later(minutes=3)
        assert [mail.subject for mail in post.mails][3:] == ["Your door code is off: House"]

    played(tmp_path, work)


def test_that_a_code_is_off_is_not_told_days_later(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        whose = await person(made)
        id_ = await give(made, whose, Wish((FRONT,)))
        await made.later(minutes=3)
        await made.hub.store.write(lambda tx: people.tell_by(tx, made.hub.desk, whose, ToldBy.HAND, BY))
        await made.hub.store.write(lambda tx: people.end(tx, made.hub.desk, id_, BY))
        await made.later(days=2)
        await made.hub.store.write(lambda tx: people.tell_by(tx, made.hub.desk, whose, ToldBy.EMAIL, BY))
        await made.later(hours=1)
        assert len(post.mails) == 1

    played(tmp_path, work)


def test_each_task_is_told_with_its_own_hours_and_taken_back_when_the_guest_does_not_come(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.book("1", date(2027, 3, 1), date(2027, 3, 3))
        made.book("2", date(2027, 3, 4), date(2027, 3, 8))
        await made.later(minutes=10)
        await give(made, await person(made), Wish((FRONT,), Turnover(FLAT, timedelta(hours=6))))
        await made.later(minutes=3)
        assert post.mails == [], "it is not before Wednesday, and the lock takes no codes ahead"
        await made.until(START + timedelta(days=1, hours=2))
        assert "It works Wednesday 3 March, 11:00 to 17:00." in post.mails[0].text
        assert "House, making Flat ready:" in post.mails[0].text
        made.rebook("1", departure=date(2027, 3, 4))
        await made.later(hours=1)
        (off,) = post.mails[1:]
        assert off.subject == "The hours of your door code are off: House"
        assert "are off: Wednesday 3 March, 11:00 to 17:00." in off.text
        await made.until(START + timedelta(days=2, hours=2))
        assert "It works Thursday 4 March, 11:00 to 15:00." in post.mails[2].text, "the next guest comes at three"
        await made.until(START + timedelta(days=3, hours=6))
        assert len(post.mails) == 3

    played(tmp_path, work)


def test_a_clock_that_was_set_back_takes_no_hours_back(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.book("0", date(2027, 2, 27), date(2027, 3, 1))
        made.book("1", date(2027, 3, 1), date(2027, 3, 3))
        made.book("2", date(2027, 3, 4), date(2027, 3, 8))
        await made.later(minutes=10)
        await give(made, await person(made), Wish((FRONT,), Turnover(FLAT, timedelta(hours=6))))
        await made.until(START + timedelta(days=1, hours=2))
        assert [mail.subject for mail in post.mails] == ["Your door code: House"] * 2
        clock = made.hub.clock
        assert isinstance(clock, BoxClock)
        clock.jump(-timedelta(days=1))  # into the hours of the day before
        await made.later(minutes=30)
        clock.synchronise()
        await made.later(minutes=30)
        assert len(post.mails) == 2

    played(tmp_path, work, doubted=True)


def test_a_code_that_waits_in_its_lock_is_told_as_soon_as_it_is_there(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        start = START + timedelta(hours=60)
        await give(made, await person(made), Wish((FRONT,), start=start, until=start + timedelta(days=1)))
        await made.later(minutes=5)
        (mail,) = post.mails
        assert "It works from Wednesday 3 March, 22:00 until Thursday 4 March, 22:00." in mail.text

    played(tmp_path, work, [Memory(Address("front"), holds_disabled=True)])


def test_a_door_that_does_not_answer_keeps_nobody_from_the_others_once_the_hours_have_begun(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        made.lock("back").silent = True
        await give(made, await person(made), Wish((FRONT, BACK), MORNINGS))
        await made.later(hours=1)
        (mail,) = post.mails
        assert "  Front\n\nIt works Mon-Fri 08:00-12:00.\nIt does not open Back yet." in mail.text
        made.lock("back").silent = False
        await made.until(START + timedelta(days=1))
        assert [mail.subject for mail in post.mails[1:]] == ["Your door code has changed: House"]
        assert "Back and Front" in post.mails[1].text

    played(tmp_path, work, [Memory(Address("front")), Memory(Address("back"))])


def test_a_door_that_is_slow_to_take_other_digits_is_waited_for_so_that_nobody_is_told_twice(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        id_ = await give(made, await person(made), Wish((FRONT,)))
        await made.later(minutes=30)
        made.lock("back").silent = True
        await made.hub.store.write(lambda tx: people.redraw(tx, made.hub.desk, id_, BY))
        await made.hub.store.write(lambda tx: people.alter(tx, made.hub.desk, id_, Wish((FRONT, BACK)), BY))
        await made.later(minutes=3)
        assert len(post.mails) == 1
        made.lock("back").silent = False
        await made.later(minutes=20)
        (both,) = post.mails[1:]
        assert f"  {await pin(made, id_)}  Back and Front" in both.text

    played(tmp_path, work, [Memory(Address("front")), Memory(Address("back"))])


def test_what_could_not_be_sent_is_sent_once_later_and_no_digits_of_a_pass_that_is_over_by_then(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        post.mood = Unavailable("the service is down")
        whose = await person(made)
        good = await give(made, whose, Wish((FRONT,)))
        short = await give(made, whose, Wish((FRONT,), name="short"))
        await made.later(minutes=5)
        await made.hub.store.write(lambda tx: people.end(tx, made.hub.desk, short, BY))
        post.mood = None
        await made.later(hours=1)
        assert len(post.mails) == 2
        (digits,) = [mail for mail in post.mails if "off" not in mail.subject]
        assert await pin(made, good) in digits.text
        assert await pin(made, short) not in "".join(mail.text for mail in post.mails)
        told = await made.hub.store.read(lambda tx: alerts.told_to(tx, whose))
        assert {each.state for each in told} >= {Sent.SENT, Sent.MOOT}

    played(tmp_path, work)


def test_what_changes_while_it_waits_is_not_sent_as_it_was(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        post.mood = Unavailable("the service is down")
        whose, otto = await person(made), await person(made, replace(CLEANER, name="Otto", email="otto@example.com"))
        back = await give(made, whose, Wish((BACK,)))
        await give(made, otto, Wish((FRONT,)))
        await made.later(minutes=3)
        first = await pin(made, back)
        made.lock("back").silent = True
        await made.hub.store.write(lambda tx: people.redraw(tx, made.hub.desk, back, BY))
        await made.hub.store.write(lambda tx: people.tell_by(tx, made.hub.desk, otto, ToldBy.HAND, BY))
        post.mood = None
        await made.later(minutes=20)
        assert post.mails == [], "the new code is not in the lock yet, and Otto is told by hand"
        made.lock("back").silent = False
        await made.later(hours=2)
        (mail,) = post.mails
        assert await pin(made, back) in mail.text
        assert first not in mail.text

    played(tmp_path, work, [Memory(Address("front")), Memory(Address("back"))])


def test_what_was_not_sent_as_it_rested_is_told_when_it_goes_on(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        quiet = Wishes(PropertyId("house"), QuietHours(time(22), time(7)))
        post.mood = Unavailable("the service is down")
        id_ = await give(made, await person(made), Wish((FRONT,), MORNINGS))
        await made.later(minutes=3)
        await made.hub.store.write(lambda tx: made.hub.alerts.wish(tx, quiet, BY))
        await made.until(START + timedelta(hours=13))
        await made.hub.store.write(lambda tx: people.pause(tx, made.hub.desk, id_, BY))
        post.mood = None
        await made.later(minutes=20)
        assert post.mails == [], "nobody is told at night of what is over"
        await made.hub.store.write(lambda tx: people.resume(tx, made.hub.desk, id_, BY))
        await made.until(START + timedelta(hours=22, minutes=10))
        (mail,) = post.mails
        assert await pin(made, id_) in mail.text

    played(tmp_path, work)


def test_a_refusal_is_an_alert_until_it_is_sent_again_whatever_else_arrives(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        post.mood = Rejected("no such address")
        whose = await person(made)
        id_ = await give(made, whose, Wish((FRONT,)))
        await made.later(minutes=10)
        post.mood = None
        await made.hub.store.write(lambda tx: made.hub.alerts.try_out(tx, whose, [Way.EMAIL], BY))
        await made.later(hours=1)
        (alert,) = await made.hub.store.read(alerts.raised)
        assert (alert.kind, "send the code again there" in alert.cure) == (Kind.NOT_REACHED, True)
        assert [mail.subject for mail in post.mails] == ["Test message of your Gatehouse"]
        await again(made, id_)
        await made.later(hours=1)
        assert len(post.mails) == 2
        assert await made.hub.store.read(alerts.raised) == []
        last = await made.hub.store.read(pass_news.last_told)
        assert last[id_].state is Sent.SENT

    played(tmp_path, work)


@pytest.mark.parametrize("trouble", [Rejected("no such address"), Unavailable("no line", untouched=True)])
def test_of_a_code_that_certainly_never_reached_them_nobody_reads_that_it_is_off(
    tmp_path: Path, trouble: Exception
) -> None:
    async def work(made: Home, post: Post) -> None:
        whose = await person(made)
        told = await give(made, whose, Wish((FRONT,), name="told"))
        await made.later(minutes=3)
        post.mood = trouble
        never = await give(made, whose, Wish((FRONT,), name="never"))
        await made.hub.store.write(lambda tx: people.redraw(tx, made.hub.desk, told, BY))
        await made.later(minutes=3)
        post.mood = None
        await made.hub.store.write(lambda tx: people.end(tx, made.hub.desk, never, BY))
        await made.hub.store.write(lambda tx: people.end(tx, made.hub.desk, told, BY))
        await made.later(hours=2)
        assert [(mail.subject, "told" in mail.text) for mail in post.mails[1:]] == [
            ("Your door code is off: House", True)
        ], "they had the digits that she went by before"

    played(tmp_path, work)


def test_a_door_that_was_used_as_often_as_it_may_be_is_told_no_more(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        id_ = await give(made, await person(made), Wish((FRONT, BACK), uses=1))
        await made.later(minutes=30)
        assert await made.driver.press("front", await pin(made, id_))
        await made.later(minutes=3)
        await again(made, id_)
        await made.later(minutes=3)
        (mail,) = post.mails[1:]
        assert f"  {await pin(made, id_)}  Back\n\nIt works at any time.\nIt opens each door one time.\n\n" in mail.text

    played(tmp_path, work, [Memory(Address("front")), Memory(Address("back"))])


def test_nothing_is_sent_again_that_may_not_be_told(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        whose = await person(made)
        made.lock("back").silent = True
        missing = await give(made, whose, Wish((BACK,)))
        over = await give(made, whose, Wish((FRONT,)))
        await made.hub.store.write(lambda tx: people.end(tx, made.hub.desk, over, BY))
        await made.later(minutes=3)
        for id_, why in (
            (missing, "not proven in every lock"),
            (over, "opens nothing now"),
            (PassId("x"), "no such pass"),
        ):
            with pytest.raises(Rejected, match=why):
                await again(made, id_)
        change = replace(CLEANER, told_by=ToldBy.HAND)
        await made.hub.store.write(lambda tx: people.change(tx, made.hub.desk, whose, change, BY))
        with pytest.raises(Rejected, match="told by hand"):
            await again(made, missing)
        assert post.mails == []

    played(tmp_path, work, [Memory(Address("front")), Memory(Address("back"))])


def test_nobody_is_woken_for_hours_that_begin_in_the_morning(tmp_path: Path) -> None:
    async def work(made: Home, post: Post) -> None:
        quiet = Wishes(PropertyId("house"), QuietHours(time(22), time(7)))
        await made.hub.store.write(lambda tx: made.hub.alerts.wish(tx, quiet, BY))
        whose = await person(made)
        await made.until(START + timedelta(hours=14))
        await give(made, whose, Wish((FRONT,), MORNINGS))
        await give(made, whose, Wish((FRONT,), name="at once"))
        await made.later(hours=1)
        assert ["at once" in mail.text for mail in post.mails] == [True]
        await made.until(START + timedelta(hours=21, minutes=5))
        assert len(post.mails) == 2

    played(tmp_path, work)


def test_a_restart_tells_nobody_again_and_no_digits_wait_in_the_outbox(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def then(*, furnish: bool) -> list[str]:
        async with home(
            tmp_path, [memory], start=START if furnish else START + timedelta(hours=1), furnish=furnish
        ) as made:
            post = Post()
            made.hub.plugins.add_service("post", post)
            if furnish:
                id_ = await give(made, await person(made), Wish((FRONT,)))
                await made.later(minutes=3)
                kept = await made.hub.store.read(lambda tx: [*tx.sql.execute(select(outbox.c.payload)).scalars()])
                digits = await pin(made, id_)
                assert not any(digits in payload for payload in kept)
            await made.later(minutes=5)
            return [mail.to for mail in post.mails]

    assert simulate(then(furnish=True)) == [MARIA]
    assert simulate(then(furnish=False)) == []
