"""What is documented of a booking, read: each manager's own field names, and signatures as others made them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any

from hub.contracts import Delivery, Host
from hub.contracts.accounts import EVENTS, reports
from hub.io.signatures import hmac_hex
from hub.model.facts import StayReport
from hub.model.money import Money
from hub.model.values import ChannelId, StayKind, StayStatus
from tests.integrations.conftest import StoppedClock
from tests.integrations.documented import beds24, guesty, hostaway, lodgify, ownerrez, plain, smoobu
from tests.simulators.managers.all import MANAGERS, reader


def read(name: str, host: Host, item: Any) -> StayReport:
    (found,) = reports(reader(MANAGERS[name], host), [plain(item)])
    assert found.note == "", "everything was understood"
    return found


def test_ownerrez_tells_of_a_booking_without_a_guest(host: Host) -> None:
    found = read("ownerrez", host, ownerrez.ZAPIER)
    assert (found.uid, found.listing, found.kind, found.status) == (
        "273491",
        "182918563",
        StayKind.RESERVATION,
        StayStatus.CONFIRMED,
    )
    assert (found.arrival, found.departure, found.guest, found.guests) == (date(2027, 4, 28), date(2027, 5, 4), "", 1)


def test_guesty_tells_of_a_reservation_of_v1(host: Host) -> None:
    found = read("guesty", host, guesty.BOOKING)
    assert (found.guest, found.reference, found.phone_last4) == ("Edda Lindqvist", "GY-h5SdcsBL", "0123")
    assert found.check_in == datetime(2027, 8, 17, 15, 0, tzinfo=UTC)
    assert found.total == Money(125_000, "USD")
    assert found.changed_at == datetime(2027, 8, 1, 10, 0, tzinfo=UTC)


def test_hostaway_tells_of_a_reservation_with_much_that_is_null(host: Host) -> None:
    found = read("hostaway", host, hostaway.BOOKING)
    assert (found.reference, found.total, found.children, found.hour_in) == (
        "HMEXAMPLE1",
        Money(26_700, "USD"),
        None,
        None,
    )


def test_lodgify_tells_of_a_guest_without_an_address(host: Host) -> None:
    found = read("lodgify", host, lodgify.BOOKING)
    assert (found.email, found.phone, found.reference) == ("", "", "")
    assert (found.hour_in, found.hour_out, found.total) == (time(15), time(11), Money(49_020, "CAD"))


def test_smoobu_tells_times_without_a_zone(host: Host) -> None:
    found = read("smoobu", host, smoobu.BOOKING)
    assert found.changed_at == datetime(2027, 1, 3, 13, 51, tzinfo=UTC)
    assert (found.guests, found.platform, found.total) == (5, "Booking.com", Money(15_000, "EUR"))


def test_beds24_tells_of_a_block(host: Host) -> None:
    found = read("beds24", host, beds24.BOOKING)
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
