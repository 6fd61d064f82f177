"""Each manager's own field names, as its documents or public receivers of its messages show them; the values are ours."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any, Final

from hub.contracts import Delivery, Host
from hub.contracts.accounts import EVENTS, reports
from hub.io.signatures import hmac_hex
from hub.model.facts import StayReport
from hub.model.money import Money
from hub.model.values import ChannelId, StayKind, StayStatus
from tests.integrations.conftest import StoppedClock
from tests.simulators.managers.all import MANAGERS, reader

# github ownerrez/orez-zapier @c37c8cb1, orez.js: the app's own sample, without a guest
OWNERREZ: Final = {
    "adults": 1,
    "arrival": "2027-04-28",
    "charges": [{"amount": 950, "type": "rent", "rate": 950, "position": 0, "is_taxable": False}],
    "children": 0,
    "departure": "2027-05-04",
    "guest_id": 34013,
    "id": 273491,
    "infants": 0,
    "is_block": False,
    "pets": 0,
    "property_id": 182918563,
    "status": "active",
    "type": "booking",
}
# github tykeal/homeassistant-guesty @4993b062, specs/*/contracts
GUESTY: Final = {
    "_id": "66f1c4a1246e7d9f0f8da88a",
    "listingId": "66054019764cbb000f37c450",
    "status": "confirmed",
    "confirmationCode": "GY-h5SdcsBL",
    "checkIn": "2027-08-17T15:00:00.000Z",
    "checkOut": "2027-08-22T11:00:00.000Z",
    "checkInDateLocalized": "2027-08-17",
    "checkOutDateLocalized": "2027-08-22",
    "plannedArrival": "16:00",
    "nightsCount": 5,
    "guestsCount": 3,
    "guest": {"fullName": "Edda Lindqvist", "phone": "+1-555-0123", "email": "edda@example.com"},
    "money": {"totalPaid": 1250.0, "balanceDue": 0.0, "currency": "USD"},
    "source": "airbnb",
    "note": "late",
}
# github Hostaway/api @b782c7b2, source/includes/_reservation_reservationObject.md, much shortened
HOSTAWAY: Final = {
    "id": 13,
    "listingMapId": 40160,
    "channelId": 2001,
    "channelName": "airbnb",
    "channelReservationId": "10450-40160-thread313906227",
    "guestName": "Edda Lindqvist",
    "guestEmail": "edda@example.com",
    "numberOfGuests": 1,
    "adults": 1,
    "children": None,
    "infants": None,
    "pets": None,
    "arrivalDate": "2027-07-15",
    "departureDate": "2027-07-16",
    "checkInTime": None,
    "checkOutTime": None,
    "phone": "+75125551212",
    "totalPrice": 267,
    "currency": "USD",
    "status": "new",
    "hostNote": None,
    "confirmationCode": "HMP2KQ4B44",
}
# integrators' notes of GET /v2/reservations/bookings
LODGIFY: Final = {
    "id": 17388658,
    "user_id": 812665,
    "arrival": "2027-09-23",
    "departure": "2027-09-25",
    "property_id": 752301,
    "rooms": [
        {
            "room_type_id": 819429,
            "people": 2,
            "guest_breakdown": {"adults": 2, "children": 0, "infants": 0, "pets": 0},
            "key_code": "",
        }
    ],
    "guest": {"name": "Edda Lindqvist", "email": None, "phone": None, "country_code": "CA"},
    "status": "Booked",
    "source": "Manual",
    "source_text": "",
    "canceled_at": None,
    "is_deleted": False,
    "currency_code": "CAD",
    "total_amount": 490.2,
    "check_in": {"time": "15:00:00", "initiator": "Manual"},
    "check_out": {"time": "11:00:00", "initiator": "Manual"},
}
# integrators' notes of GET /api/reservations
SMOOBU: Final = {
    "id": 291,
    "reference-id": "4545dS4254",
    "type": "reservation",
    "arrival": "2027-01-10",
    "departure": "2027-01-12",
    "created-at": "2027-01-03 13:51",
    "modified-at": "2027-01-03 13:51",
    "apartment": {"id": 3327457, "name": "R1"},
    "channel": {"id": 465614, "name": "Booking.com"},
    "guest-name": "Edda Lindqvist",
    "email": "edda@example.com",
    "phone": "+49123456789",
    "adults": 3,
    "children": 2,
    "price": 150,
    "price-paid": "Yes",
    "language": "en",
    "is-blocked-booking": False,
}
# github api-evangelist/beds24 @23a17aeb: the schema; values are ours
BEDS24: Final = {
    "id": 5,
    "propertyId": 9,
    "roomId": 712293,
    "unitId": 1,
    "status": "black",
    "arrival": "2027-02-01",
    "departure": "2027-02-03",
    "numAdult": 0,
    "numChild": 0,
    "firstName": "",
    "lastName": "",
    "email": "",
    "price": 0,
    "referer": "",
    "apiSource": "",
    "modifiedTime": "2027-01-20T08:00:00Z",
    "invoiceItems": [],
}


def read(name: str, host: Host, item: Any) -> StayReport:
    (found,) = reports(reader(MANAGERS[name], host), [item])
    assert found.note == "", "everything was understood"
    return found


def test_ownerrez_tells_of_a_booking_without_a_guest(host: Host) -> None:
    found = read("ownerrez", host, OWNERREZ)
    assert (found.uid, found.listing, found.kind, found.status) == (
        "273491",
        "182918563",
        StayKind.RESERVATION,
        StayStatus.CONFIRMED,
    )
    assert (found.arrival, found.departure, found.guest, found.guests) == (date(2027, 4, 28), date(2027, 5, 4), "", 1)


def test_guesty_tells_of_a_reservation_of_v1(host: Host) -> None:
    found = read("guesty", host, GUESTY)
    assert (found.guest, found.reference, found.phone_last4) == ("Edda Lindqvist", "GY-h5SdcsBL", "0123")
    assert found.check_in == datetime(2027, 8, 17, 15, 0, tzinfo=UTC)
    assert found.total == Money(125_000, "USD")
    assert found.changed_at is None, "a reservation may come without it"


def test_hostaway_tells_of_a_reservation_with_much_that_is_null(host: Host) -> None:
    found = read("hostaway", host, HOSTAWAY)
    assert (found.reference, found.total, found.children, found.hour_in) == (
        "HMP2KQ4B44",
        Money(26_700, "USD"),
        None,
        None,
    )


def test_lodgify_tells_of_a_guest_without_an_address(host: Host) -> None:
    found = read("lodgify", host, LODGIFY)
    assert (found.email, found.phone, found.reference) == ("", "", "")
    assert (found.hour_in, found.hour_out, found.total) == (time(15), time(11), Money(49_020, "CAD"))


def test_smoobu_tells_times_without_a_zone(host: Host) -> None:
    found = read("smoobu", host, SMOOBU)
    assert found.changed_at == datetime(2027, 1, 3, 13, 51, tzinfo=UTC)
    assert (found.guests, found.platform, found.total) == (5, "Booking.com", Money(15_000, "EUR"))


def test_beds24_tells_of_a_block(host: Host) -> None:
    found = read("beds24", host, BEDS24)
    assert (found.kind, found.listing, found.guest) == (StayKind.BLOCK, "712293", "")


# ---- signatures, as others made them --------------------------------------------------------------------------------


def test_guesty_s_messages_are_known_by_the_signature_that_svix_makes(host: Host, clock: StoppedClock) -> None:
    """Accepted by svix 2.9.1, with its 300 s."""
    body = b'{"event":"reservation.updated.v2","reservationId":"66f1c4a1246e7d9f0f8da88a"}'
    headers = {
        "svix-id": "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
        "svix-timestamp": "1795224716",
        "svix-signature": "v1,bm90IHRoaXMgb25l v1,2+xoDegZNoUYs5+OkkzEKeIZKpRLU/Scvbo5aPnGZTY=",
    }
    account = reader(MANAGERS["guesty"], host)

    def known(at: float, sent: bytes = body) -> bool:
        when = datetime.fromtimestamp(at, UTC)
        return account.authentic(Delivery(ChannelId("guesty"), "", sent, when, EVENTS, headers))

    assert known(1795224716)
    assert known(1795224716 + 299)
    assert not known(1795224716 + 301), "too old"
    assert not known(1795224716 - 301), "not yet sent"
    assert not known(1795224716, json.dumps(json.loads(body)).encode()), "the same said in other bytes"
    clock.trusted = False
    assert known(1795224716 + 86_400), "while nobody knows the time the signature decides"


def test_hospitable_s_worked_example_is_known(host: Host) -> None:
    """Key 123456 and this body, as integrators quote its documents."""
    made = "cc99bf5947391ddb0d0d9866f5b9d3a68e8b273c5ac8f699b4ae2399a7433118"
    assert hmac_hex(b'{"foo":"bar"}', made, "123456")
    assert hmac_hex(b'{"foo":"bar"}', f"sha256={made.upper()}", "123456")
    assert not hmac_hex(b'{"foo": "bar"}', made, "123456")
    assert not hmac_hex(b'{"foo":"bar"}', "", "123456")
