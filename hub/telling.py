"""Telling people what is wrong: who is on the list, in which words, and by whom it is sent.

A promise to tell holds ids (`Notify`). When it is performed, the alert is looked at once more: what is over by then, or looked
after by somebody, is told to nobody. Everything that happened is kept with the alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.contracts import Clock
from hub.errors import Disappointment, Rejected, Unavailable
from hub.findings import Look
from hub.io.vault import Vault
from hub.model.alerts import Finding, Kind, Level, Way
from hub.model.effects import Effect, Notify, SendEmail, SendSms
from hub.model.pass_news import What
from hub.model.people import PersonKind
from hub.model.values import PersonId, PropertyId, clean
from hub.plugins import Plugins
from hub.store import alerts, doors, emergencies, house, mail, pass_news, passes, persons
from hub.store.alerts import Alert, Listed, Sent, Telling, Wishes
from hub.store.engine import Store, Tx
from hub.store.persons import Person

ADDRESS: Final = {Way.EMAIL: "email", Way.SMS: "phone"}
SENDERS: Final[Mapping[Way, type]] = {Way.EMAIL: SendEmail, Way.SMS: SendSms}
WORDS: Final = {Way.EMAIL: "e-mail", Way.SMS: "SMS", Way.PAGE: "page"}
NO_ADDRESS: Final = {Way.EMAIL: "no e-mail address is known", Way.SMS: "no telephone number is known"}
MAIL_PATIENCE: Final = timedelta(minutes=30)
"""What waits to be sent for longer is itself told, on the page."""
SUBJECT: Final = 150


@dataclass(frozen=True, slots=True)
class Recipient:
    person: Person
    ways: frozenset[Way]


def chain(tx: Tx, vault: Vault, property_: PropertyId | None, kind: Kind) -> list[Recipient]:
    """Who is told of such an alert, in this order, by what they want and the kind allows."""
    everybody = {row.id: row for row in persons.persons(tx) if row.ended_at is None}
    found: dict[PersonId, Recipient] = {}
    for listed in _listed(tx, property_, everybody):
        person = everybody.get(listed.person)
        ways = frozenset() if person is None else _usable(person, listed.ways & kind.rule.ways, vault)
        if person is not None and ways:
            found.setdefault(person.id, Recipient(person, ways))
    return list(found.values())


def _listed(tx: Tx, property_: PropertyId | None, everybody: Mapping[PersonId, Person]) -> Iterator[Listed]:
    wishes = alerts.wishes(tx)
    places = sorted(row.id for row in house.properties(tx)) if property_ is None else [property_]
    for place in places:
        yield from wishes.get(place, Wishes(place)).people or _managers(place, everybody.values())


def _managers(place: PropertyId, everybody: Iterable[Person]) -> Iterator[Listed]:
    """Where nobody said who is to be told."""
    for person in everybody:
        if person.kind is PersonKind.MANAGER and person.property in (None, place):
            yield Listed(person.id)


def concerned(tx: Tx, vault: Vault, plugins: Plugins, alert: Alert) -> list[Recipient]:
    """Who works behind the doors of a lock-down and can be reached: their codes are not touched, and they should know."""
    row = emergencies.emergency(tx, alert.about.removeprefix("emergency:"))
    if alert.kind is not Kind.LOCKED_DOWN or row is None:
        return []
    down = {door.id for door in doors.doors(tx) if row.covers(door.id, door.property)}
    good = [each for each in passes.all_passes(tx) if not (each.stopped or each.good.over(row.since))]
    given = {each.person for each in good if down.intersection(each.locks)}
    here = [person for person in persons.persons(tx) if person.id in given and person.ended_at is None]
    found = ((person, _reaching(person, alert.kind.rule.ways, vault, plugins)) for person in here)
    return [Recipient(person, ways) for person, ways in found if ways]


def _reaching(person: Person, allowed: frozenset[Way], vault: Vault, plugins: Plugins) -> frozenset[Way]:
    """Every way that there is an address for and a service; an e-mail may wait for its service."""
    contact = persons.opened_contact(person, vault)
    known = [way for way, sender in SENDERS.items() if way in allowed and contact.get(ADDRESS[way])]
    served = frozenset(way for way in known if plugins.performer(SENDERS[way]) is not None)
    return served or frozenset(known) & {Way.EMAIL}


def informed(tx: Tx, vault: Vault, alert: Alert) -> list[Recipient]:
    """What somebody did in an emergency is told to the whole list at once; the first of it is told as of any alert."""
    return chain(tx, vault, alert.place, alert.kind)[1:] if alert.kind in _DEEDS else []


_DEEDS: Final = frozenset({Kind.LOCKED_DOWN, Kind.EMERGENCY_CODE, Kind.EMERGENCY_UNLOCK})


def _usable(person: Person, ways: frozenset[Way], vault: Vault) -> frozenset[Way]:
    """Those that this person has an address for; all of them when there is none, so that it shows."""
    contact = persons.opened_contact(person, vault)
    return frozenset(way for way in ways if contact.get(ADDRESS[way])) or ways


def readers(tx: Tx, vault: Vault, place: PropertyId, plugins: Plugins) -> list[Recipient]:
    """Who is told of the bookings of a property."""
    everybody = {row.id: row for row in persons.persons(tx) if row.ended_at is None}
    wanted = alerts.wishes(tx).get(place, Wishes(place)).readers
    if wanted is not None:
        people = ((everybody[each.person], each.ways) for each in wanted if each.person in everybody)
        return [Recipient(person, _usable(person, ways, vault)) for person, ways in people]
    if plugins.performer(SendEmail) is None:
        return []  # nobody asked for it, so nothing has to wait until somebody sets up a service
    by_mail = frozenset({Way.EMAIL})
    managers = [everybody[each.person] for each in _managers(place, everybody.values())]
    return [Recipient(person, by_mail) for person in managers if persons.opened_contact(person, vault).get("email")]


def promise(tx: Tx, to: Recipient, alert: str, what: str, *, key: str, at: datetime, due: datetime) -> None:
    """One promise for each of the person's ways. `at` is the house's time, `due` real time, as the outbox has it."""
    for way in sorted(to.ways, key=lambda way: way.value):
        whole = f"{key}:{to.person.id}:{way.value}"
        alerts.tell(tx, Telling(whole, alert or None, to.person.id, to.person.name, way, what, at))
        mail.promise(tx, Notify(to.person.id, way.value, alert, what), key=whole, lane=f"notify:{way.value}", due=due)


class Quiet:
    """Until when it is quiet, by property."""

    def __init__(self, tx: Tx, clock: Clock) -> None:
        now = clock.now()
        self._ends: dict[PropertyId, datetime | None] = {}
        self._unsure = None if clock.trusted else now + timedelta(hours=1)
        wishes = alerts.wishes(tx)
        for place in house.properties(tx):
            quiet = wishes[place.id].quiet if place.id in wishes else None
            self._ends[place.id] = None if quiet is None else quiet.end_of(now.astimezone(place.zone))

    def until(self, place: PropertyId | None) -> datetime | None:
        """Of the whole house: while it is quiet everywhere. A clock that nobody can rely on knows of no morning."""
        if self._unsure is not None:
            return self._unsure
        if place is not None:
            return self._ends.get(place)
        ends = list(self._ends.values())
        known = [end for end in ends if end is not None]
        return min(known) if known and len(known) == len(ends) else None


# ---- sending --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Messenger:
    """Keeps the promises to tell somebody."""

    store: Store
    vault: Vault
    clock: Clock
    plugins: Plugins

    async def perform(self, effect: Effect, key: str) -> None:
        """Raises Unavailable. A refusal is kept with the alert, and the next person is told sooner."""
        assert isinstance(effect, Notify)
        letter = await self.store.read(lambda tx: self._letter(tx, effect, key))
        await self.deliver(letter, Way(effect.way), key)

    async def deliver(self, letter: SendEmail | SendSms | tuple[Sent, str | None], way: Way, key: str) -> Sent:
        """Send it, unless there is nothing to be sent, and keep with the telling of that key how it ended. Raises Unavailable."""
        if not isinstance(letter, SendEmail | SendSms):
            return await self._ended(key, *letter)
        try:
            await self._send(letter, way, key)
        except Rejected as error:
            return await self._ended(key, Sent.REFUSED, str(error))
        except Disappointment as error:
            words = str(error)
            await self.store.write(lambda tx: alerts.delayed(tx, key, words))
            raise
        else:
            return await self._ended(key, Sent.SENT, None)

    async def _send(self, letter: SendEmail | SendSms, way: Way, key: str) -> None:
        performer = self.plugins.performer(type(letter))
        if performer is None:
            raise Unavailable(f"no service that sends {WORDS[way]} is set up")
        await performer(letter, key)

    async def _ended(self, key: str, state: Sent, why: str | None) -> Sent:
        await self.store.write(lambda tx: alerts.told(tx, key, state, self.clock.now(), why))
        return state

    def address(self, person: Person | None, way: Way) -> str:
        return "" if person is None else persons.opened_contact(person, self.vault).get(ADDRESS[way], "")

    def _letter(self, tx: Tx, effect: Notify, key: str) -> SendEmail | SendSms | tuple[Sent, str | None]:
        """What is sent; or how the telling ends without."""
        known, alert = alerts.telling(tx, key), alerts.alert(tx, effect.alert) if effect.alert else None
        if known is not None and known.state is Sent.SENT:
            return Sent.SENT, None
        moot = _moot(alert, effect)
        if moot is not None:
            return Sent.MOOT, moot
        if alert is not None and alert.kind.rule.waits_for_morning:
            until = Quiet(tx, self.clock).until(alert.place)
            if until is not None:
                raise Unavailable("it waits for the end of the quiet hours", wait=until - self.clock.now())
        person, way = persons.person(tx, effect.person), Way(effect.way)
        address = self.address(person, way)
        if not address:
            return Sent.REFUSED, NO_ADDRESS[way]
        place = None if alert is None or alert.place is None else house.property_with(tx, alert.place)
        zone = place.zone if place is not None else _zone(tx)
        words = _test(zone, self.clock.now())
        if alert is not None:
            last = alert.kind.rule.escalate is None or alert.course.told >= len(
                chain(tx, self.vault, alert.place, alert.kind)
            )
            words = _words(alert, effect.what, zone, last=last)
        if way is Way.SMS:
            return SendSms(address, words.subject)
        urgent = alert is not None and alert.level is Level.URGENT and alert.over_at is None
        return SendEmail(address, words.subject, words.text, urgent)


def _moot(alert: Alert | None, effect: Notify) -> str | None:
    """Why nobody has to be told any more."""
    if not effect.alert:
        return None
    if alert is None:
        return "it is forgotten"
    if effect.what == "over":
        return None
    if alert.over_at is not None:
        return "it was over before"
    if effect.what not in ASIDE and alert.acknowledged_at is not None:
        return f"{alert.acknowledged_by} looked after it before"
    return None


def _zone(tx: Tx) -> ZoneInfo:
    places = house.properties(tx)
    return places[0].zone if places else ZoneInfo("UTC")


# ---- words ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    text: str


CONCERNED: Final = "concerned"
"""Told to somebody who need not look after it."""
INFORMED: Final = "informed"
"""Told to somebody further down the list, who should know at once."""
ASIDE: Final = frozenset({CONCERNED, INFORMED})
"""Told beside the list: whoever looks after it is told otherwise."""
_OPENINGS: Final = {"raised": "", CONCERNED: "", INFORMED: "", "escalated": "", "reminder": "Still: ", "over": "Over: "}
_ENDS: Final = {
    "raised": "When you acknowledge it on the Alerts page of the hub, nobody else is told.",
    "escalated": "You are told because nobody who was told before has acknowledged it. When you do so on the Alerts page of "
    "the hub, nobody else is told.",
    "reminder": "You are told again because nobody has acknowledged it on the Alerts page of the hub.",
    CONCERNED: "You are told because you have a pass there. You need not do anything, and are told when it is over.",
    INFORMED: "You are told because you are on the list of those who look after the house. Somebody else is asked to see to it.",
    "over": "You need not do anything.",
}


def _again(alert: Alert, what: str, *, last: bool) -> str:
    """When it is told once more; empty: it is not. `last`: everybody of the list has been told."""
    rule = alert.kind.rule
    wait = rule.again(alert.course.reminded)
    if wait is None or what not in ("raised", "escalated", "reminder"):
        return ""
    daily = "once a day while it lasts"
    if wait >= timedelta(days=1):
        return f"If nobody does, you are told again {daily}."
    hours = wait // timedelta(hours=1)
    soon = "an hour" if hours == 1 else f"{hours} hours"
    if not last:
        return (
            f"If nobody does, the next of the list is told, and you again {soon} after the last of them, then ever more seldom, "
            f"at last {daily}."
        )
    return f"If nobody does, you are told again in {soon}, then ever more seldom, at last {daily}."


def _words(alert: Alert, what: str, zone: ZoneInfo, *, last: bool) -> _Words:
    urgent = "Urgent: " if alert.level is Level.URGENT and what != "over" else ""
    since = alert.course.found_at
    lines = [alert.sentence, "", f"Since {_local(since, zone)}."]
    if what == "over":
        lines += ["", f"It is over{'' if alert.over_at is None else f' since {_local(alert.over_at, zone)}'}."]
    elif what == CONCERNED:
        lines += [
            "",
            "The codes of guests are off until it is released. Your own code is not touched: it works at its hours.",
        ]
    else:
        lines += ["", f"What to do: {alert.cure}"]
    return _Words(
        clean(f"{urgent}{_OPENINGS[what]}{alert.sentence}", limit=SUBJECT),
        "\n".join([*lines, "", f"{_ENDS[what]} {_again(alert, what, last=last)}".rstrip(), ""]),
    )


def _test(zone: ZoneInfo, now: datetime) -> _Words:
    text = (
        f"This message was sent to try it out, on {_local(now, zone)}.\n\n"
        "If something is wrong in the house, you are told like this.\n"
    )
    return _Words("Test message of your Gatehouse", text)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d %B %Y, %H:%M} ({zone.key})"


_DIGITS: Final = frozenset({What.CODE.value, What.CHANGED.value})

# ---- what is wrong with telling -------------------------------------------------------------------------------------


def findings(look: Look) -> Iterator[Finding]:
    everybody = {row.id: row for row in persons.persons(look.tx) if row.ended_at is None}
    yield from _unreachable(look, everybody)
    for last in alerts.last_ended(look.tx):
        person = everybody.get(last.person)
        if person is not None and last.state is Sent.REFUSED and last.what not in _DIGITS:
            yield _refused(person, last, "send a test message from the Alerts page")
    yield from _untold(look, everybody)
    for way, oldest in alerts.waiting_longest(look.tx).items():
        if look.reached(oldest.promised_at + MAIL_PATIENCE) and look.plugins.performer(SENDERS[way]) is not None:
            sentence = f"Messages cannot be sent by {WORDS[way]}: {oldest.why or 'they wait to be sent'}."
            cure = "They are sent once that works again. Look at the hub's internet connection and the settings of the service."
            yield Finding(Kind.MAIL_WAITS, f"way:{way.value}", sentence, cure, oldest.promised_at)


def _untold(look: Look, everybody: Mapping[PersonId, Person]) -> Iterator[Finding]:
    """Whoever has a code that they do not know: that something else has reached them since does not help."""
    refused = {
        id_: last
        for id_, last in pass_news.last_told(look.tx).items()
        if last.state is Sent.REFUSED and last.what in _DIGITS
    }
    for row in passes.all_passes(look.tx) if refused else ():
        person, last = everybody.get(row.person), refused.get(row.id)
        over = row.stopped or (row.good.end is not None and look.reached(row.good.end))
        if person is None or last is None or over:
            continue
        if person.told_by.value == last.way.value:
            yield _refused(person, last, "send the code again there; or tell them by hand, and choose that there")


def _refused(person: Person, last: Telling, then: str) -> Finding:
    sentence = f"{person.name} could not be told by {WORDS[last.way]}: {last.why}."
    cure = f"Correct the address on the People page, and {then}."
    return Finding(Kind.NOT_REACHED, f"person:{person.id}:{last.way.value}", sentence, cure, last.ended_at)


def _unreachable(look: Look, everybody: Mapping[PersonId, Person]) -> Iterator[Finding]:
    """People on a list whom nothing that is set up here can reach."""
    ways: dict[PersonId, frozenset[Way]] = {}
    for wishes in alerts.wishes(look.tx).values():
        for listed in wishes.people:
            ways[listed.person] = ways.get(listed.person, frozenset()) | listed.ways
    for id_, wanted in ways.items():
        person = everybody.get(id_)
        if person is None:
            continue
        usable = _usable(person, wanted, look.vault)
        if any(look.plugins.performer(SENDERS[way]) is not None for way in usable):
            continue
        by = " or ".join(sorted(WORDS[way] for way in usable))
        sentence = f"{person.name} is to be told of alerts by {by}, and no service that sends {by} is set up."
        cure = "Set one up, or have another way for this person on the Alerts page. Until then only the page tells."
        yield Finding(Kind.NOBODY_SENDS, f"person:{id_}", sentence, cure)
