"""integrations.ical.channels: each channel's words."""

from __future__ import annotations

import pytest

from hub.model.values import StayKind
from integrations.ical.channels import Source, Words, contact, meaning, source_of

RESERVATION, BLOCK, UNKNOWN = StayKind.RESERVATION, StayKind.BLOCK, StayKind.UNKNOWN


@pytest.mark.parametrize(
    ("source", "summary", "kind", "guest"),
    [
        (Source.AIRBNB, "Reserved", RESERVATION, ""),
        (Source.AIRBNB, "Airbnb (Not available)", BLOCK, ""),
        (Source.AIRBNB, "Not available", BLOCK, ""),
        (Source.AIRBNB, "Anna Muster (HMABCD1234)", RESERVATION, "Anna Muster"),
        (Source.AIRBNB, "Something new", UNKNOWN, ""),
        (Source.AIRBNB, "", UNKNOWN, ""),
        (Source.BOOKING_COM, "CLOSED - Not available", UNKNOWN, ""),
        (Source.BOOKING_COM, "CLOSED - Maria Rossi", UNKNOWN, "Maria Rossi"),
        (Source.BOOKING_COM, "Reserved", UNKNOWN, ""),
        (Source.BOOKING_COM, "", UNKNOWN, ""),
        (Source.VRBO, "Reserved - Rosalind", RESERVATION, "Rosalind"),
        (Source.VRBO, "Reserved - Anna Block", RESERVATION, "Anna Block"),
        (Source.VRBO, "Reservation", RESERVATION, ""),
        (Source.VRBO, "Blocked", BLOCK, ""),
        (Source.VRBO, "Something new", UNKNOWN, ""),
        (Source.TRIPADVISOR, "Tripadvisor booking: Ole Hansen", RESERVATION, "Ole Hansen"),
        (Source.TRIPADVISOR, "Unavailable", BLOCK, ""),
        (Source.GUESTY, "Reservation Milan Horvat", RESERVATION, "Milan Horvat"),
        (Source.GUESTY, "Blocked by Guesty", BLOCK, ""),
        (Source.SMOOBU, "Edda Lindqvist", RESERVATION, "Edda Lindqvist"),
        (Source.LODGIFY, "M*** H****", RESERVATION, "M*** H****"),
        (Source.LODGIFY, "Closed Period", BLOCK, ""),
        (Source.OWNERREZ, "Owner Block", BLOCK, ""),
        (Source.HOSTAWAY, "Owner's stay", BLOCK, ""),
        (Source.HOSPITABLE, "", UNKNOWN, ""),
        (Source.OTHER, "Anna Block", RESERVATION, "Anna Block"),
        (Source.OTHER, "Booking.com: Maria", RESERVATION, "Booking.com: Maria"),
        (Source.OTHER, "Booked: Maria", RESERVATION, "Maria"),
        (Source.OTHER, "RESERVED", RESERVATION, ""),
        (Source.OTHER, "Maintenance", BLOCK, ""),
        (Source.OTHER, "Busy", UNKNOWN, ""),
        (Source.OTHER, "", UNKNOWN, ""),
    ],
)
def test_a_title_means_what_its_channel_means_by_it(source: Source, summary: str, kind: StayKind, guest: str) -> None:
    means = meaning(Words("u", summary, ""), source)
    assert (means.kind, means.guest) == (kind, guest)


@pytest.mark.parametrize("source", [Source.AIRBNB, Source.BOOKING_COM, Source.VRBO, Source.OTHER])
def test_what_nobody_can_tell_has_a_sentence_for_the_operator(source: Source) -> None:
    assert meaning(Words("u", "busy", ""), source).note


def test_a_reservation_code_in_the_description_makes_a_reservation_of_any_airbnb_title() -> None:
    words = Words(
        "u", "Something new", "Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMABCD1234"
    )
    assert meaning(words, Source.AIRBNB).kind is RESERVATION


@pytest.mark.parametrize(
    "description", ["Phone: +44 20 7946 0991", "Email: a@guests.example", "Guests: 2", "HMABCD1234"]
)
def test_somebody_s_data_make_a_reservation_in_an_unknown_calendar(description: str) -> None:
    assert meaning(Words("u", "Busy", description), Source.OTHER).kind is RESERVATION


@pytest.mark.parametrize(
    ("description", "last4", "phone"),
    [
        ("Phone Number (Last 4 Digits): 4321", "4321", ""),
        ("phone number (last 4 digits): 0001", "0001", ""),
        ("Last 4 Digits: 4321", "4321", ""),
        ("Phone Number (Last 4 Digits): 43210", "", ""),
        ("Phone: +1 (555) 010-4477", "4477", "+1 (555) 010-4477"),
        ("Phone Number: +385 1 555 0142\nEmail: x@y.example", "0142", "+385 1 555 0142"),
        ("Phone: 123", "", ""),
        ("Phone:        ", "", ""),
        ("Telephone box opposite", "", ""),
        ("", "", ""),
    ],
)
def test_telephone_numbers_are_found(description: str, last4: str, phone: str) -> None:
    told = contact(Words("u", "", description))
    assert (told.phone_last4, told.phone) == (last4, phone)


@pytest.mark.parametrize(
    ("description", "guests"),
    [
        ("Guests: 3", 3),
        ("Adults: 2\nChildren: 1", 3),
        ("Adults: 2", 2),
        ("Guests: 4\nAdults: 2\nChildren: 2", 4),
        ("Guests: many", None),
    ],
)
def test_the_party_is_counted(description: str, guests: int | None) -> None:
    assert contact(Words("u", "", description)).guests == guests


@pytest.mark.parametrize(
    ("description", "email"),
    [
        ("Email: a.b@guests.example.", "a.b@guests.example"),
        ("E-Mail : a@b.example,", "a@b.example"),
        ("Email: none", ""),
    ],
)
def test_mail_addresses_are_found(description: str, email: str) -> None:
    assert contact(Words("u", "", description)).email == email


@pytest.mark.parametrize("code", ["HMABCD123", "HMABCD12345", "XHMABCD1234", "hmabcd1234"])
def test_what_only_looks_like_a_reservation_code_is_none(code: str) -> None:
    assert contact(Words("u", "", f"details/{code}")).reference == ""


@pytest.mark.parametrize(
    ("uid", "product", "source"),
    [
        ("abc@airbnb.com", "", Source.AIRBNB),
        ("abc@booking.com", "", Source.BOOKING_COM),
        ("abc", "-//HomeAway//NONSGML ICS//EN", Source.VRBO),
        ("abc@booking.com", "-//Smoobu//EN", Source.SMOOBU),
        ("airbnb@example.com", "", Source.OTHER),
        ("abc@google.com", "-//Google Inc//Google Calendar 70.9054//EN", Source.OTHER),
    ],
)
def test_the_source_is_told_by_the_maker_of_the_feed_or_by_the_uid(uid: str, product: str, source: Source) -> None:
    assert source_of(uid, product) is source
