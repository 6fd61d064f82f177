"""integrations.partner: what a partner signs is believed, what it says is understood, and it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import integrations.partner
from hub.contracts import Delivery, Host
from hub.errors import Garbled
from hub.model.facts import GuestMoved, StayReported
from hub.model.values import ChannelId, StayKind, StayStatus
from integrations.partner import Config, start
from integrations.partner.messages import BookingMessage, GuestMessage, parsed
from integrations.partner.signature import sign, signed
from integrations.partner.webhooks import Partner
from tests.integrations.conftest import StoppedClock

SECRET, OLD = "a-secret-of-at-least-16-characters", "the-secret-of-last-year"
BOOKING: dict[str, Any] = {"id": "B-1001", "arrival": "2027-06-05", "departure": "2027-06-09"}


def config(**told: Any) -> Config:
    return Config.model_validate({"secret": SECRET, **told})


@pytest.fixture
def partner(host: Host) -> Partner:
    return start(config(), host)


def message(
    told: object, topic: str = "booking-created", *, at: datetime, secret: str = SECRET, **headers: str
) -> Delivery:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Delivery(ChannelId("agency"), "", body, at, topic, {**sign(body, secret, at), **headers})


def with_headers(delivery: Delivery, /, **headers: str) -> Delivery:
    named = {f"x-gatehouse-{name}": value for name, value in headers.items()}
    return replace(delivery, headers={**(delivery.headers or {}), **named})


def booking(**other: Any) -> bytes:
    return json.dumps({"id": "evt-1", "booking": {**BOOKING, **other}}).encode()


# ---- is it theirs? ----


def test_a_signature_is_the_one_that_openssl_makes() -> None:
    """Made by: printf '%s.%s' 1812180000 '{}' | openssl dgst -sha256 -hmac a-secret-of-at-least-16-characters"""
    made = sign(b"{}", SECRET, datetime.fromtimestamp(1812180000, UTC))
    assert made["x-gatehouse-timestamp"] == "1812180000"
    assert made["x-gatehouse-signature"] == "v1=83fb47c2a112c12c16e6581f0d5c46efe80e4b7c9d9a82c77eca8f78b4800208"


def test_the_readme_s_example_is_accepted(host: Host) -> None:
    text = (Path(integrations.partner.__file__).parent / "README.md").read_text(encoding="utf-8")
    (command,) = [block for block in text.split("```sh\n") if block.startswith("curl")]
    words = shlex.split(command.split("```")[0])
    headers = dict(words[at + 1].lower().split(": ", 1) for at, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1].encode()
    topic = words[1].rpartition("/")[2]
    delivery = Delivery(ChannelId("agency-flat-1"), "", body, datetime(2027, 6, 5, 7, 20, tzinfo=UTC), topic, headers)
    partner = start(config(), host)
    assert partner.authentic(delivery)
    (fact,) = asyncio.run(_parsed(partner, delivery))
    assert isinstance(fact, StayReported)
    assert (fact.stay.uid, fact.stay.guest, fact.stay.arrival) == ("B-1001", "Edda Lindqvist", date(2027, 6, 5))


async def _parsed(partner: Partner, delivery: Delivery) -> list[Any]:
    return list(await partner.parse(delivery))


def test_a_signed_message_is_authentic(partner: Partner, clock: StoppedClock) -> None:
    assert partner.authentic(message({}, at=clock.now()))


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_within_five_minutes_a_message_is_authentic(partner: Partner, clock: StoppedClock, seconds: int) -> None:
    delivery = message({}, at=clock.now() + timedelta(seconds=seconds))
    assert partner.authentic(replace(delivery, received_at=clock.now()))


@pytest.mark.parametrize("seconds", [-301, 301, -86400 * 365, 86400])
def test_an_old_message_sent_again_is_not(partner: Partner, clock: StoppedClock, seconds: int) -> None:
    delivery = message({}, at=clock.now() + timedelta(seconds=seconds))
    assert not partner.authentic(replace(delivery, received_at=clock.now()))


def test_while_the_hub_does_not_know_the_time_the_signature_decides(partner: Partner, clock: StoppedClock) -> None:
    clock.trusted = False
    old = replace(message({}, at=clock.now() - timedelta(days=40)), received_at=clock.now())
    assert partner.authentic(old)
    assert not partner.authentic(replace(old, body=b"[]"))


@pytest.mark.parametrize("change", ["body", "timestamp", "secret"])
def test_whatever_is_changed_breaks_the_signature(partner: Partner, clock: StoppedClock, change: str) -> None:
    delivery = message(
        {"id": "1"}, at=clock.now(), secret="another secret altogether" if change == "secret" else SECRET
    )
    match change:
        case "body":
            delivery = replace(delivery, body=delivery.body + b" ")
        case "timestamp":
            delivery = with_headers(delivery, timestamp=str(int(clock.now().timestamp()) + 1))
    assert not partner.authentic(delivery)


@pytest.mark.parametrize(
    "signature",
    ["", "v1=", "v1", "v2=" + "0" * 64, "0" * 64, "v1=zz", ",,,,", "v1=\udcff\udcfe", "v1=é", "v1=" + "f" * 100_000],
)
def test_what_is_no_signature_is_refused(partner: Partner, clock: StoppedClock, signature: str) -> None:
    assert not partner.authentic(with_headers(message({}, at=clock.now()), signature=signature))


@pytest.mark.parametrize("timestamp", ["", "now", "-5", "1e9", "٣", "9" * 400, "1812180000.5", "\udcff"])
@pytest.mark.parametrize("trusted", [True, False])
def test_what_is_no_timestamp_is_refused(partner: Partner, clock: StoppedClock, timestamp: str, trusted: bool) -> None:
    clock.trusted = trusted
    assert not partner.authentic(with_headers(message({}, at=clock.now()), timestamp=timestamp))


def test_a_message_without_headers_is_refused(partner: Partner, clock: StoppedClock) -> None:
    assert not partner.authentic(replace(message({}, at=clock.now()), headers=None))
    assert not partner.authentic(replace(message({}, at=clock.now()), headers={}))


def test_both_secrets_are_accepted_while_the_partner_changes(host: Host, clock: StoppedClock) -> None:
    partner = start(config(previous_secret=OLD), host)
    assert partner.authentic(message({}, at=clock.now(), secret=SECRET))
    assert partner.authentic(message({}, at=clock.now(), secret=OLD))
    assert not start(config(), host).authentic(message({}, at=clock.now(), secret=OLD))


def test_a_partner_may_sign_with_both_of_its_secrets(partner: Partner, clock: StoppedClock) -> None:
    delivery = message({}, at=clock.now())
    assert delivery.headers is not None
    both = f"v1={'0' * 64}, {delivery.headers['x-gatehouse-signature']}"
    assert partner.authentic(with_headers(delivery, signature=both))


def test_a_header_full_of_signatures_is_not_tried_out() -> None:
    right = sign(b"{}", SECRET, datetime(2027, 2, 1, tzinfo=UTC))
    guesses = ",".join(["v1=" + "0" * 64] * 100 + [right["x-gatehouse-signature"]])
    assert not signed(b"{}", [SECRET], right["x-gatehouse-timestamp"], guesses)


# ---- which one is it? ----


def test_the_same_message_has_the_same_key(partner: Partner, clock: StoppedClock) -> None:
    first = message({"id": "evt-1"}, at=clock.now())
    clock.turn(minutes=1)
    assert partner.key(message({"id": "evt-1"}, at=clock.now())) == partner.key(first) == "booking-created:evt-1"


def test_the_signed_id_counts_before_the_header(partner: Partner, clock: StoppedClock) -> None:
    delivery = with_headers(message({"id": "evt-1"}, at=clock.now()), delivery="another")
    assert partner.key(delivery) == "booking-created:evt-1"


@pytest.mark.parametrize("body", [{}, {"id": 5}, {"id": None}, {"id": ""}, [], b"not json", b"\xff", b"[" * 40_000])
def test_without_an_id_the_header_is_the_key(partner: Partner, clock: StoppedClock, body: object) -> None:
    delivery = with_headers(message(body, at=clock.now()), delivery="d-7")
    assert partner.key(delivery) == "booking-created:d-7"


def test_without_any_id_body_and_time_are_the_key(partner: Partner, clock: StoppedClock) -> None:
    first = partner.key(message({"a": 1}, at=clock.now()))
    assert partner.key(message({"a": 1}, at=clock.now())) == first
    assert partner.key(message({"a": 2}, at=clock.now())) != first
    clock.turn(seconds=1)
    assert partner.key(message({"a": 1}, at=clock.now())) != first


def test_one_id_in_two_topics_is_two_messages(partner: Partner, clock: StoppedClock) -> None:
    keys = {
        partner.key(message({"id": "1"}, topic, at=clock.now())) for topic in ("booking-created", "booking-cancelled")
    }
    assert len(keys) == 2


# ---- what does it say? ----


async def stay_of(partner: Partner, delivery: Delivery) -> Any:
    (fact,) = await partner.parse(delivery)
    assert isinstance(fact, StayReported)
    assert (fact.channel, fact.at) == ("agency", delivery.received_at)
    return fact.stay


async def test_a_booking_is_a_stay(partner: Partner, clock: StoppedClock) -> None:
    told = booking(
        check_in="2027-06-05T14:00:00+02:00",
        check_out="2027-06-09T09:30:00Z",
        reference="XY12",
        guest={"name": " Edda\u200b  Lindqvist ", "phone": "+46 8 555 01 37", "email": "edda@guests.example"},
        guests=3,
        note="late",
    )
    stay = await stay_of(partner, message(told, at=clock.now()))
    assert (stay.uid, stay.kind, stay.status) == ("B-1001", StayKind.RESERVATION, StayStatus.CONFIRMED)
    assert (stay.arrival, stay.departure) == (date(2027, 6, 5), date(2027, 6, 9))
    assert stay.check_in == datetime(2027, 6, 5, 12, tzinfo=UTC)
    assert stay.check_out == datetime(2027, 6, 9, 9, 30, tzinfo=UTC)
    assert (stay.guest, stay.phone_last4, stay.email) == ("Edda Lindqvist", "0137", "edda@guests.example")
    assert (stay.reference, stay.guests, stay.note, stay.raw) == ("XY12", 3, "late", told.decode())


async def test_a_booking_says_who_comes_what_it_costs_and_what_they_wish(partner: Partner, clock: StoppedClock) -> None:
    """As the README of the integration has it."""
    told = booking(
        adults=2,
        children=1,
        infants=1,
        pets=0,
        price={"minor": 45050, "currency": "EUR"},
        special_requests=" A cot, please.\n\n\n\nWe come by train.\u0007 ",
        purpose="a wedding",
        guest={"name": "Edda Lindqvist", "company": " Lindqvist  AB ", "country": "Sweden"},
    )
    stay = await stay_of(partner, message(told, at=clock.now()))
    assert (stay.guests, stay.adults, stay.children, stay.infants, stay.pets) == (3, 2, 1, 1, 0)
    assert str(stay.total) == "450.50 EUR"
    assert (stay.note, stay.special_requests) == ("", "A cot, please.\n\nWe come by train.")
    assert (stay.company, stay.purpose, stay.country) == ("Lindqvist AB", "a wedding", "Sweden")
    alone = await stay_of(partner, message(booking(children=1, price=None), at=clock.now()))
    assert (alone.guests, alone.adults, alone.children, alone.total) == (None, None, 1, None)


async def test_a_booking_needs_only_its_name_and_dates(partner: Partner, clock: StoppedClock) -> None:
    stay = await stay_of(partner, message({"booking": BOOKING}, at=clock.now()))
    assert (stay.check_in, stay.check_out, stay.guests, stay.reference) == (None, None, None, "B-1001")


async def test_null_is_as_good_as_left_out(partner: Partner, clock: StoppedClock) -> None:
    stay = await stay_of(partner, message(booking(check_in=None, guest={"name": None, "phone": None}), at=clock.now()))
    assert (stay.check_in, stay.guest) == (None, "")


async def test_fields_nobody_told_us_of_are_ignored(partner: Partner, clock: StoppedClock) -> None:
    assert (await stay_of(partner, message(booking(colour="blue"), at=clock.now()))).uid == "B-1001"


@pytest.mark.parametrize(
    ("topic", "told", "status"),
    [
        ("booking-created", {}, StayStatus.CONFIRMED),
        ("booking-updated", {"status": "tentative"}, StayStatus.TENTATIVE),
        ("booking-cancelled", {}, StayStatus.CANCELLED),
    ],
)
async def test_the_topic_says_what_became_of_it(
    partner: Partner, clock: StoppedClock, topic: str, told: dict[str, str], status: StayStatus
) -> None:
    assert (await stay_of(partner, message(booking(**told), topic, at=clock.now()))).status is status


async def test_a_block_is_a_block(partner: Partner, clock: StoppedClock) -> None:
    assert (await stay_of(partner, message(booking(kind="block"), at=clock.now()))).kind is StayKind.BLOCK


@pytest.mark.parametrize(("topic", "arrived"), [("guest-checked-in", True), ("guest-checked-out", False)])
async def test_a_guest_comes_and_goes(partner: Partner, clock: StoppedClock, topic: str, arrived: bool) -> None:
    told = {"booking": {"id": "B-1001"}, "at": (clock.now() - timedelta(minutes=4)).isoformat()}
    facts = await partner.parse(message(told, topic, at=clock.now()))
    assert list(facts) == [GuestMoved(ChannelId("agency"), clock.now() - timedelta(minutes=4), "B-1001", arrived)]


@pytest.mark.parametrize("at", [None, "2099-01-01T00:00:00Z"])
async def test_a_guest_moves_at_the_latest_when_we_hear_of_it(
    partner: Partner, clock: StoppedClock, at: str | None
) -> None:
    (fact,) = await partner.parse(message({"booking": {"id": "B-1"}, "at": at}, "guest-checked-in", at=clock.now()))
    assert isinstance(fact, GuestMoved)
    assert fact.at == clock.now()


# ---- what makes no sense ----


def changed(**fields: Any) -> bytes:
    return booking(**fields)


WRONG: list[tuple[bytes, str]] = [
    (b"", "the message is not JSON"),
    (b"{", "the message is not JSON"),
    (b"<html>", "the message is not JSON"),
    (b"[]", "must be a JSON object"),
    (b'"text"', "must be a JSON object"),
    (b"null", "must be a JSON object"),
    (b"{}", "booking is missing"),
    (b'{"booking": []}', "booking must be an object"),
    (b'{"booking": {"id": "1", "id": "2"}}', "'id' stands twice in one object; say it once"),
    (b'{"booking": NaN}', "NaN is no number in JSON"),
    (b'{"booking": Infinity}', "Infinity is no number in JSON"),
    (b'{"booking": 1e999}', "a number that is too large"),
    (b'{"booking": ' + b"9" * 5000 + b"}", "a number that is too large"),
    (b'{"booking": "\\ud800"}', "characters that are none"),
    (b'{"\\udfff": 1}', "characters that are none"),
    (b'{"booking": "\xff"}', "characters that are none"),
    (b"\xef\xbb\xbf{}", "the message is not JSON"),
    (b"[" * 30_000, "nested deeper than 16 levels"),
    (b'{"a":' * 20 + b"1" + b"}" * 20, "nested deeper than 16 levels"),
    (b" " * 70_000, "larger than 64 KB"),
    (changed(id=""), "booking.id must not be empty"),
    (changed(id=7), "booking.id must be text in quotation marks"),
    (changed(id=" x"), "booking.id must be printable"),
    (changed(id="a\x00b"), "booking.id must be printable"),
    (changed(id="x" * 201), "booking.id is too long"),
    (changed(arrival=None), "booking.arrival is missing"),
    (changed(arrival="5 June"), "booking.arrival must be a date such as 2027-06-05"),
    (changed(arrival="2027-02-30"), "booking.arrival must be a date such as 2027-06-05"),
    (changed(arrival=20270605), "booking.arrival must be a date such as 2027-06-05"),
    (changed(arrival="1601-01-01"), "booking.arrival must be greater than"),
    (changed(departure="9999-12-31"), "booking.departure must be less than"),
    (changed(departure="2027-06-05"), "booking.departure must be after booking.arrival"),
    (changed(departure="2027-06-01"), "booking.departure must be after booking.arrival"),
    (changed(check_in="14:00"), "booking.check_in must be a time with its offset"),
    (changed(check_in="2027-06-05T14:00"), "booking.check_in must say its offset"),
    (changed(changed_at="2027-06-05T14:00"), "booking.changed_at must say its offset"),
    (changed(check_in=1812180000), "booking.check_in must be a time with its offset"),
    (changed(check_in="2027-06-05T24:30:00Z"), "booking.check_in must be a time with its offset"),
    (changed(check_in="0001-01-01T00:00:00+14:00"), "booking.check_in must be greater than"),
    (
        changed(check_in="2027-06-05T14:00:00Z", check_out="2027-06-05T13:00:00Z"),
        "check_out must be after booking.check_in",
    ),
    (changed(kind="castle"), "booking.kind must be 'reservation' or 'block'"),
    (changed(status="cancelled"), "booking.status must be 'confirmed' or 'tentative'"),
    (changed(guests="2"), "booking.guests must be a whole number"),
    (changed(guests=1e308), "booking.guests must be a whole number"),
    (changed(guests=True), "booking.guests must be a whole number"),
    (changed(guests=-1), "booking.guests must be greater than or equal to 0"),
    (changed(adults=100), "booking.adults must be less than or equal to 99"),
    (changed(pets="a dog"), "booking.pets must be a whole number"),
    (changed(guests=2, adults=2, children=1), "booking.guests must be adults and children together"),
    (changed(price=450), "booking.price must be an object"),
    (changed(price={"minor": 450.5, "currency": "EUR"}), "booking.price.minor must be a whole number"),
    (changed(price={"minor": -1, "currency": "EUR"}), "booking.price.minor must be greater than or equal to 0"),
    (changed(price={"minor": 45050}), "booking.price.currency is missing"),
    (changed(price={"minor": 45050, "currency": "euro"}), "booking.price.currency must be three capital letters"),
    (changed(special_requests="x" * 2001), "booking.special_requests is too long"),
    (changed(guest="Edda"), "booking.guest must be an object"),
    (changed(guest={"name": 5}), "booking.guest.name must be text in quotation marks"),
    (changed(guest={"name": "x" * 501}), "booking.guest.name is too long"),
]


@pytest.mark.parametrize(("body", "words"), WRONG)
async def test_a_message_that_makes_no_sense_names_the_field_and_the_cure(
    partner: Partner, clock: StoppedClock, body: bytes, words: str
) -> None:
    with pytest.raises(Garbled) as refusal:
        await partner.parse(message(body, at=clock.now()))
    assert words in str(refusal.value)


async def test_a_refusal_does_not_repeat_the_guest(partner: Partner, clock: StoppedClock) -> None:
    with pytest.raises(Garbled) as refusal:
        await partner.parse(message(booking(guest={"name": ["Edda Lindqvist"]}, kind="Edda"), at=clock.now()))
    assert "Edda" not in str(refusal.value)


@pytest.mark.parametrize("topic", ["", "booking", "booking-deleted", "../codes"])
async def test_a_topic_nobody_knows_is_named_with_those_we_know(
    partner: Partner, clock: StoppedClock, topic: str
) -> None:
    with pytest.raises(Garbled, match="there are booking-created"):
        await partner.parse(message(booking(), topic, at=clock.now()))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "booking", "guest", "at"]), inner)
    ),
    max_leaves=10,
)
_FIELDS = [
    "id",
    "arrival",
    "departure",
    "changed_at",
    "check_in",
    "check_out",
    "kind",
    "status",
    "reference",
    "guest",
    "guests",
    "adults",
    "price",
    "special_requests",
    "purpose",
    "note",
]


@settings(max_examples=200, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=3), whole=st.one_of(st.none(), _JSON))
def test_any_json_is_a_message_or_garbled(changes: dict[str, Any], whole: Any) -> None:
    body = booking(**changes) if whole is None else json.dumps(whole).encode()
    with contextlib.suppress(Garbled):
        parsed(body, BookingMessage)
    with contextlib.suppress(Garbled):
        parsed(body, GuestMessage)


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        parsed(body, BookingMessage)


# ---- settings ----


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"secret": "short"}, "secret"),
        ({"secret": None}, "secret"),
        ({"previous_secret": "short"}, "previous_secret"),
        ({"callback_url": "ftp://agency.example/"}, "must be a web address"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_wrong_setting_is_refused(told: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        config(**told)


def test_no_secret_shows() -> None:
    shown = repr(config(previous_secret=OLD, callback_url="https://agency.example/hook?key=k3y"))
    assert not [secret for secret in (SECRET, OLD, "k3y") if secret in shown]


def test_nothing_is_polled(partner: Partner) -> None:
    assert partner.poll_every is None


def test_without_a_callback_nothing_is_promised(partner: Partner) -> None:
    assert partner.perform == {}
