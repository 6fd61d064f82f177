from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.contracts import Integration, Performer
from hub.emergency_wishes import Act
from hub.emergency_wishes import Wish as Deed
from hub.errors import Rejected, Unavailable
from hub.model.alerts import Kind, Level, QuietHours, Way
from hub.model.effects import Effect, SendEmail, SendSms
from hub.model.facts import BatteryRead, Fact, LockHeard, LockSilent, Trouble, TroubleSeen
from hub.model.people import PersonKind
from hub.model.values import Address, PersonId, PropertyId
from hub.store import alerts, log, mail, persons, tables
from hub.store.alerts import Alert, Listed, Sent, Telling, Wishes
from hub.store.engine import Tx
from hub.store.house import Origin
from tests.simulators.home import START, Home, home, simulate

HOUSE = PropertyId("house")
FRONT = Address("front")
NIGHT = QuietHours(time(22), time(7))


class Post(Integration):
    """Sends e-mails and text messages, as it is in the mood to."""

    def __init__(self, *, sms: bool = False) -> None:
        self.sent: list[tuple[str, str]] = []
        """To whom, and the subject."""
        self.texts: list[str] = []
        self.keys: list[str] = []
        self.mood: Exception | None = None
        self.only = ""
        """Towards whom; empty: towards everybody."""
        self._sms = sms

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {SendEmail: self._send} | ({SendSms: self._send} if self._sms else {})

    async def _send(self, effect: Effect, key: str) -> None:
        assert isinstance(effect, SendEmail | SendSms)
        if self.mood is not None and effect.to in (self.only or effect.to):
            raise self.mood
        self.sent.append((effect.to, effect.subject if isinstance(effect, SendEmail) else effect.text))
        self.texts.append(effect.text)
        self.keys.append(key)


async def _people(house: Home, *who: tuple[str, dict[str, str]], quiet: QuietHours | None = None) -> None:
    hub = house.hub

    def work(tx: Tx) -> None:
        for name, contact in who:
            id_ = PersonId(name)
            sealed = persons.sealed_contact(id_, contact, hub.vault)
            persons.keep(tx, persons.Person(id_, name.title(), PersonKind.STAFF, HOUSE, sealed, Origin.PAGES, START))
        alerts.keep_wishes(tx, Wishes(HOUSE, quiet, tuple(Listed(PersonId(name)) for name, _ in who)))

    await hub.store.write(work)


ANNA = ("anna", {"email": "anna@example.com"})
BEN = ("ben", {"email": "ben@example.com", "phone": "+49 170 1"})


def _with_post(house: Home, *, sms: bool = False) -> Post:
    post = Post(sms=sms)
    house.hub.plugins.add_service("post", post)
    return post


async def _tell(house: Home, make: Callable[[datetime], Fact]) -> None:
    fact = make(house.hub.clock.now())
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))


def _silent(at: datetime) -> Fact:
    return LockSilent(FRONT, at, "no answer for an hour")


def _heard(at: datetime) -> Fact:
    return LockHeard(FRONT, at)


async def _raised(house: Home) -> list[Alert]:
    return await house.hub.store.read(alerts.raised)


async def _over(house: Home) -> list[Alert]:
    return await house.hub.store.read(alerts.over)


async def _tellings(house: Home, row: Alert) -> list[Telling]:
    return (await house.hub.store.read(lambda tx: alerts.tellings_of(tx, [row.id])))[row.id]


async def _does(house: Home, wish: Deed) -> None:
    foreseen = await house.hub.emergencies.prepare(wish, "account:Rosa")
    await house.hub.emergencies.carry_out(foreseen.id, "account:Rosa")


def _played(tmp_path: Path, work: Callable[[Home], Awaitable[None]], **more: datetime) -> None:
    async def main() -> None:
        async with home(tmp_path, **more) as house:  # type: ignore[arg-type]
            await house.later(minutes=1)
            await work(house)

    simulate(main())


def test_a_silent_lock_is_an_alert_once_it_lasts_and_the_first_of_the_list_is_told(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA, BEN)
        await _tell(house, _silent)
        await house.later(minutes=9)
        assert (await _raised(house), post.sent) == ([], [])
        await house.later(minutes=2)
        (alert,) = await _raised(house)
        assert (alert.kind, alert.about, alert.place, alert.open) == (Kind.SILENT, "lock:front", HOUSE, True)
        assert post.sent == [("anna@example.com", "Front does not answer: no answer for an hour.")]
        assert "What to do: Check its battery" in post.texts[0]
        assert "Since 01 March 2027, 10:01 (Europe/Berlin)" in post.texts[0]
        (telling,) = await _tellings(house, alert)
        assert (telling.name, telling.way, telling.what, telling.state) == ("Anna", Way.EMAIL, "raised", Sent.SENT)

    _played(tmp_path, work)


def test_a_lock_that_is_silent_every_other_minute_is_one_alert_told_once(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA)
        for _ in range(30):
            await _tell(house, _silent)
            await house.later(minutes=1)
            await _tell(house, _heard)
            await house.later(minutes=1)
        assert len(await _raised(house)) == 1
        await house.later(minutes=40)
        assert (await _raised(house), len(await _over(house))) == ([], 1)
        assert [subject for _, subject in post.sent] == [
            "Front does not answer: no answer for an hour.",
            "Over: Front does not answer: no answer for an hour.",
        ]

    _played(tmp_path, work)


def test_a_moment_of_silence_leaves_nothing_behind(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA)
        await _tell(house, _silent)
        await house.later(minutes=3)
        await _tell(house, _heard)
        await house.later(hours=2)
        assert (await _raised(house), await _over(house), post.sent) == ([], [], [])
        assert await house.hub.store.read(alerts.live) == []

    _played(tmp_path, work)


@pytest.mark.usefixtures("either_database")
def test_unacknowledged_the_next_person_is_told_and_acknowledged_nobody_else(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA, BEN, ("cem", {"email": "cem@example.com"}))
        await _tell(house, _silent)
        await house.later(hours=4, minutes=11)
        assert [to for to, _ in post.sent] == ["anna@example.com", "ben@example.com"]
        (alert,) = await _raised(house)
        await house.hub.store.write(lambda tx: house.hub.alerts.acknowledge(tx, alert.id, "ben"))
        await house.later(hours=5)
        assert len(post.sent) == 2
        (alert,) = await _raised(house)
        assert (alert.open, alert.acknowledged_by) == (False, "ben")
        deeds = await house.hub.store.read(lambda tx: log.deeds(tx, f"alert:{alert.id}"))
        assert [(deed.actor, deed.action, deed.detail) for deed in deeds] == [
            ("ben", "acknowledge", "silent lock:front")
        ]

    _played(tmp_path, work)


def test_a_slip_can_be_taken_back_and_the_next_person_is_told_in_time(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA, BEN)
        await _tell(house, _silent)
        await house.later(minutes=20)
        (alert,) = await _raised(house)
        act = house.hub.alerts
        await house.hub.store.write(lambda tx: act.acknowledge(tx, alert.id, "anna"))
        with pytest.raises(Rejected, match="anna has acknowledged it already"):
            await house.hub.store.write(lambda tx: act.acknowledge(tx, alert.id, "ben"))
        await house.later(hours=10)
        await house.hub.store.write(lambda tx: act.unacknowledge(tx, alert.id, "anna"))
        with pytest.raises(Rejected, match="nobody has acknowledged it"):
            await house.hub.store.write(lambda tx: act.unacknowledge(tx, alert.id, "anna"))
        await house.later(hours=3)
        assert len(post.sent) == 1
        await house.later(hours=2)
        assert [to for to, _ in post.sent] == ["anna@example.com", "ben@example.com"]

    _played(tmp_path, work)


def test_what_can_wait_is_told_in_the_morning_and_what_is_urgent_at_once(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA, quiet=NIGHT)
        await _tell(house, lambda at: BatteryRead(FRONT, at, 8))
        house.lock("front").silent = True
        house.book("a", date(2027, 3, 1), date(2027, 3, 3), guest="Ada")
        await house.later(hours=2)
        (urgent,) = [alert for alert in await _raised(house) if alert.level is Level.URGENT]
        said = {subject for _, subject in post.sent}
        assert said == {f"Urgent: {urgent.sentence}", f"Urgent: Still: {urgent.sentence}"}
        await house.until(datetime(2027, 3, 2, 5, 59, tzinfo=UTC))
        assert not any("battery" in subject for _, subject in post.sent)
        await house.later(minutes=2)
        assert any("battery" in subject for _, subject in post.sent)

    _played(tmp_path, work, start=datetime(2027, 3, 1, 21, 30, tzinfo=UTC))


def test_without_internet_promises_wait_and_what_is_over_meanwhile_is_told_to_nobody(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA)
        post.mood = Unavailable("the mail server cannot be reached")
        await _tell(house, _silent)
        await house.later(hours=5)
        kinds = {alert.kind for alert in await _raised(house)}
        assert kinds == {Kind.SILENT, Kind.MAIL_WAITS}
        await _tell(house, _heard)
        await house.later(hours=1)
        post.mood = None
        await house.later(hours=1)
        assert post.sent == []
        assert await _raised(house) == []
        (silent,) = [alert for alert in await _over(house) if alert.kind is Kind.SILENT]
        assert {telling.state for telling in await _tellings(house, silent)} == {Sent.MOOT}
        assert await house.hub.store.read(mail.dead) == []

    _played(tmp_path, work)


def test_it_is_told_within_minutes_of_the_return_of_the_internet(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA)
        post.mood = Unavailable("the mail server cannot be reached")
        await _tell(house, _silent)
        await house.later(hours=5)
        post.mood = None
        await house.later(minutes=7)
        assert post.sent[0] == ("anna@example.com", "Front does not answer: no answer for an hour.")

    _played(tmp_path, work)


def test_whoever_cannot_be_reached_is_skipped_at_once_and_that_is_said_on_the_page(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA, BEN)
        post.mood, post.only = Rejected("550 no such mailbox"), "anna@example.com"
        await _tell(house, _silent)
        await house.later(minutes=11)
        assert [to for to, _ in post.sent] == ["ben@example.com"]
        said = {alert.kind: alert.sentence for alert in await _raised(house)}
        assert said[Kind.NOT_REACHED] == "Anna could not be told by e-mail: 550 no such mailbox."
        # A test message that arrives ends it.
        post.mood = None
        await house.hub.store.write(lambda tx: house.hub.alerts.try_out(tx, PersonId("anna"), [Way.EMAIL], "anna"))
        await house.later(minutes=15)
        assert Kind.NOT_REACHED not in {alert.kind for alert in await _raised(house)}
        assert post.sent[-1] == ("anna@example.com", "Test message of your Gatehouse")

    _played(tmp_path, work)


def test_whose_contact_does_not_open_keeps_nobody_else_from_being_told(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA, BEN)
        broken = update(tables.people).where(tables.people.c.id == "anna").values(contact=b"damaged")
        await house.hub.store.write(lambda tx: tx.sql.execute(broken))
        await _tell(house, _silent)
        await house.later(minutes=11)
        assert [to for to, _ in post.sent] == ["ben@example.com"]
        said = {alert.kind: alert.sentence for alert in await _raised(house)}
        assert said[Kind.NOT_REACHED] == "Anna could not be told by e-mail: no e-mail address is known."

    _played(tmp_path, work)


def test_whom_only_sms_reaches_without_anybody_to_send_it_is_itself_a_finding(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await _people(house, ("cem", {"phone": "+49 170 2"}))
        await house.later(minutes=6)
        (alert,) = await _raised(house)
        assert alert.kind is Kind.NOBODY_SENDS
        assert alert.sentence == "Cem is to be told of alerts by SMS, and no service that sends SMS is set up."
        _with_post(house, sms=True)
        await house.later(minutes=20)
        assert await _raised(house) == []

    _played(tmp_path, work)


def test_urgent_trouble_goes_by_every_way_a_person_has_and_problems_by_email_only(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house, sms=True)
        await _people(house, BEN)
        house.lock("front").silent = True
        house.book("a", date(2027, 3, 1), date(2027, 3, 3), guest="Ada")
        await house.until(datetime(2027, 3, 1, 14, 30, tzinfo=UTC))
        urgent = {to for to, subject in post.sent if "code" in subject}
        problem = {to for to, subject in post.sent if "does not answer" in subject}
        assert urgent == {"ben@example.com", "+49 170 1"}
        assert problem <= {"ben@example.com"}

    _played(tmp_path, work)


def test_what_nobody_looks_after_is_told_ever_more_seldom_and_each_message_says_when_the_next_comes(
    tmp_path: Path,
) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA)
        await _does(house, Deed(Act.LOCK_DOWN, "Somebody lost the keys", property=HOUSE))
        await house.later(days=3)
        last = [text.strip().rpartition(" you are told again ")[2] for text in post.texts]
        seldom = ", then ever more seldom, at last once a day while it lasts."
        assert (
            last
            == [f"in an hour{seldom}", f"in 2 hours{seldom}", f"in 4 hours{seldom}"]
            + ["once a day while it lasts."] * 3
        )

    _played(tmp_path, work)


def test_the_first_of_several_hears_that_the_others_come_before_they_are_told_again(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        await _people(house, ANNA, BEN)
        await _does(house, Deed(Act.LOCK_DOWN, "Somebody lost the keys", property=HOUSE))
        await house.later(minutes=20)
        to_anna, to_ben = (
            [text for (to, _), text in zip(post.sent, post.texts, strict=True) if to.startswith(name)]
            for name in ("anna", "ben")
        )
        assert "the next of the list is told, and you again an hour after the last of them" in to_anna[0]
        assert "you are told again in an hour" in to_ben[-1]

    _played(tmp_path, work)


def test_where_nobody_is_listed_the_managers_are_told(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house)
        hub = house.hub

        def managers(tx: Tx) -> None:
            for name, kind in (("maria", PersonKind.MANAGER), ("carl", PersonKind.CLEANER)):
                id_ = PersonId(name)
                sealed = persons.sealed_contact(id_, {"email": f"{name}@example.com"}, hub.vault)
                persons.keep(tx, persons.Person(id_, name, kind, None, sealed, Origin.PAGES, START))

        await hub.store.write(managers)
        await _tell(house, _silent)
        await house.later(minutes=15)
        assert [to for to, _ in post.sent] == ["maria@example.com"]

    _played(tmp_path, work)


def test_a_restart_tells_nobody_twice_and_forgets_nothing(tmp_path: Path) -> None:
    sent: list[list[tuple[str, str]]] = []

    async def first() -> None:
        async with home(tmp_path) as house:
            post = _with_post(house)
            await _people(house, ANNA, BEN)
            await house.later(minutes=1)
            await _tell(house, _silent)
            await house.later(minutes=20)
            sent.append(post.sent)

    async def again(later: timedelta, stay: timedelta) -> None:
        async with home(tmp_path, furnish=False, start=START + later) as house:
            post = _with_post(house)
            await _tell(house, _silent)  # its driver met it anew
            await house.later(seconds=stay.total_seconds())
            sent.append(post.sent)

    simulate(first())
    simulate(again(timedelta(minutes=30), timedelta(minutes=30)))
    simulate(again(timedelta(hours=3), timedelta(hours=2)))
    assert [[to for to, _ in each] for each in sent] == [["anna@example.com"], [], ["ben@example.com"]]


def test_no_message_ever_holds_a_code(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        post = _with_post(house, sms=True)
        await _people(house, BEN)
        house.book("a", date(2027, 3, 1), date(2027, 3, 3), guest="Ada")
        await house.later(minutes=10)
        digits = await house.digits("Ada")
        house.lock("front").silent = True
        await house.until(datetime(2027, 3, 1, 16, 0, tzinfo=UTC))
        assert post.texts
        assert not any(digits in text for text in post.texts)

    _played(tmp_path, work)


def test_at_rest_a_look_writes_nothing(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        heard: list[str] = []
        await house.later(hours=1)
        house.hub.bus.signal("health")
        async with house.hub.bus.listen("alerts:list") as ear:
            await house.later(minutes=30)
            house.hub.bus.signal("alerts:list")
            heard += sorted(await anext(ear))
        assert heard == ["alerts:list"]

    _played(tmp_path, work)


def test_what_time_alone_ends_is_over_when_that_time_comes(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await _tell(house, lambda at: TroubleSeen(FRONT, at, Trouble.TAMPER))
        await house.later(hours=23, minutes=59)
        (alert,) = await _raised(house)
        assert (alert.kind, alert.course.missing_since) == (Kind.TAMPERED, None)
        await house.later(minutes=2)
        assert [row.course.missing_since is None for row in [*await _raised(house), *await _over(house)]] == [False]

    _played(tmp_path, work)
