"""Bytes of the lock classes. BY_PEER was written by the classes of zwave-js 15.29 from the same values; the rest stands in
its tests or in the document that is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from drivers.zwave.cc import (
    Unknown,
    basic,
    battery,
    clock,
    configuration,
    crc16,
    decode,
    door_lock,
    door_lock_logging,
    indicator,
    manufacturer_specific,
    multi_command,
    notification,
    time,
    time_parameters,
    unwrap,
    user_code,
    version,
    wake_up,
)
from drivers.zwave.cc import credential_upkeep as upkeep
from drivers.zwave.cc import schedule_entry_lock as schedules
from drivers.zwave.cc import user_credential as credentials
from drivers.zwave.cc.codec import Command, serialize
from drivers.zwave.cc.credential_upkeep import AdminSaid, Learning, Locker
from drivers.zwave.cc.time import Offset, Turn
from drivers.zwave.cc.user_credential import Ability, CredentialSaid, Kind, Modifier, Operation, User, UserSaid
from hub.errors import Garbled

AT = (1989, 12, 27, 10, 40, 30)
CHRISTMAS = schedules.YearDay(datetime(2026, 12, 24, 15, tzinfo=UTC), datetime(2027, 1, 2, 11, 30, tzinfo=UTC))
SATURDAY = schedules.WeekDay(5, (8, 30), (17, 5))
NIGHTS = schedules.Daily(frozenset({6, 0, 4}), (22, 15), timedelta(hours=9, minutes=45))
GUEST = User(name=b"G7")
PINS = Ability(kind=1, slots=300, least=4, most=10)
TAGS = Ability(kind=3, slots=20, least=8, most=16, learns=True, learn_within_s=30, learn_steps=2, hash_length=4)

BY_PEER: list[tuple[Command, str]] = [
    (schedules.EnableSet(3, enabled=True), "4e010301"),
    (schedules.EnableAllSet(enabled=False), "4e0200"),
    (schedules.SupportedReport(7, 2, 1), "4e0a070201"),
    (schedules.WeekDaySet(3, 1, SATURDAY), "4e0301030106081e1105"),
    (schedules.WeekDaySet(3, 1, None), "4e03000301ffffffffff"),
    (schedules.WeekDayReport(3, 1, None), "4e050301ffffffffff"),
    (schedules.YearDaySet(3, 1, CHRISTMAS), "4e060103011a0c180f001b01020b1e"),
    (schedules.YearDaySet(3, 2, None), "4e06000302ffffffffffffffffffff"),
    (schedules.YearDayGet(3, 2), "4e070302"),
    (schedules.YearDayReport(3, 1, CHRISTMAS), "4e0803011a0c180f001b01020b1e"),
    (schedules.DailySet(3, 1, NIGHTS), "4e1001030123160f092d"),
    (schedules.DailySet(3, 1, None), "4e10000301ffffffffff"),
    (schedules.DailyReport(3, 1, NIGHTS), "4e0f030123160f092d"),
    (schedules.TimeOffsetReport(Offset()), "4e0c000000"),
    (time_parameters.Set(datetime(2026, 11, 27, 20, 5, 9, tzinfo=UTC)), "8b0107ea0b1b140509"),
    (time.TimeReport(14, 23, 59), "8a020e173b"),
    (time.DateReport(date(2026, 11, 27)), "8a0407ea0b1b"),
    (time.TimeOffsetSet(Offset(timedelta(hours=1)), Turn(3, 29, 2), Turn(10, 25, 3)), "8a05010000031d020a1903"),
    (time.TimeOffsetReport(Offset(timedelta(hours=1)), Turn(3, 29, 2), Turn(10, 25, 3)), "8a07010000031d020a1903"),
    (clock.Set(6, 13, 45), "8104ed2d"),
    (wake_up.IntervalSet(3600, 1), "8404000e1001"),
    (wake_up.Notification(), "8407"),
    (wake_up.NoMoreInformation(), "8408"),
    (user_code.KeypadModeSet(user_code.KeypadMode.VACATION), "630801"),
    (user_code.AdminCodeSet(b"987654"), "630e06393837363534"),
    (user_code.AdminCodeReport(b"987654"), "631006393837363534"),
    (user_code.ChecksumReport(0xEAAD), "6312eaad"),
    (user_code.ExtendedGet(300, more=True), "630c012c01"),
    (
        credentials.UserCapabilitiesReport(
            20,
            frozenset({1, 2}),
            32,
            True,
            True,
            False,
            frozenset({0, 2}),
            frozenset({0, 3, 9}),
        ),
        "830200140620d4020902",
    ),
    (
        credentials.CredentialCapabilitiesReport((PINS, TAGS), checksum=True, admin_code=True),
        "8304c00201030080012c001404080a10001e00020004",
    ),
    (credentials.UserSet(Operation.ADD, 7, GUEST), "8305000007000101000000024737"),
    (credentials.UserSet(Operation.DELETE, 7), "8305020007"),
    (
        credentials.UserReport(UserSaid.ASKED, 9, Modifier.ZWAVE, 1, 7, GUEST),
        "83070400090200010007000101000000024737",
    ),
    (credentials.CredentialSet(7, Kind.PIN, 7, Operation.ADD, b"1234"), "830a0007010007000431323334"),
    (credentials.CredentialSet(7, Kind.PIN, 7, Operation.DELETE), "830a000701000702"),
    (credentials.CredentialGet(0, Kind.PIN, 7), "830b0000010007"),
    (
        credentials.CredentialReport(
            CredentialSaid.ASKED,
            7,
            Kind.PIN,
            7,
            True,
            b"1234",
            Modifier.ZWAVE,
            1,
            Kind.PIN,
            8,
        ),
        "830c040007010007800431323334020001010008",
    ),
    (upkeep.LearnStart(7, Kind.RFID, 1, Operation.ADD, 30), "830f0007030001001e"),
    (upkeep.LearnReport(Learning.SUCCESS, 7, Kind.RFID, 1), "831101000703000100"),
    (upkeep.AssociationSet(Kind.PIN, 7, 9), "83120100070009"),
    (upkeep.AssociationReport(Kind.PIN, 7, 9, 0), "8313010007000900"),
    (upkeep.AllUsersChecksumReport(0x1234), "83151234"),
    (upkeep.UserChecksumReport(7, 0x1234), "831700071234"),
    (upkeep.CredentialChecksumReport(Kind.PIN, 0x1234), "8319011234"),
    (upkeep.AdminCodeSet(b"987654"), "831a06393837363534"),
    (upkeep.AdminCodeReport(AdminSaid.ASKED, b"987654"), "831c46393837363534"),
    (upkeep.LockerCapabilitiesReport((Locker(1, 5, 19, 300),)), "831e010100050013012c"),
    (upkeep.LockerEntrySet(1, 2, Operation.ADD, b"\xa1\xb2\xc3"), "831f010002000003a1b2c3"),
    (upkeep.LockerEntryReport(occupied=True, kind=1, slot=2), "832101010002"),
    (battery.Report(55, battery.State(battery.Recharge.SOON, 2, 0x20, cold=True)), "800337a102"),
    (battery.HealthReport(98, battery.Temperature(215)), "8005622200d7"),
    (notification.Set(6, told=True), "710606ff"),
    (notification.Get(0, 6, 0), "7104000600"),
    (notification.SupportedReport(frozenset({6, 7, 8}), old_alarms=True), "710882c001"),
    (configuration.Set(3, -100, 2), "70040302ff9c"),
    (
        configuration.PropertiesReport(3, 0, 1, b"\xff\x0a\x05", 4, read_only=True, options=1),
        "700f000341ff0a05000401",
    ),
    (manufacturer_specific.DeviceSpecificGet(1), "720601"),
    (version.Report(3, (7, 17), (1, 2), 5, ((3, 4),)), "8612030711010205010304"),
    (version.CapabilitiesReport(software=True), "861607"),
    (indicator.Set(0, (indicator.Light(1, 2, 3), indicator.Light(5, 3, 1))), "87010002010203050301"),
    (door_lock_logging.RecordGet(1), "4c0301"),
]

READ: list[tuple[str, Command]] = [
    # zwave-js 15, DoorLockCC.test.ts
    ("6203118202" + "3214", door_lock.OperationReport(door_lock.Mode.INSIDE_UNSECURED_WITH_TIMEOUT, 0x82, 2, (50, 20))),
    (
        "6203204f05" + "00feff01",
        door_lock.OperationReport(
            door_lock.Mode.OUTSIDE_UNSECURED,
            0x4F,
            5,
            (0, 0xFE),
            door_lock.Heading(door_lock.Mode.SECURED, 1),
        ),
    ),
    ("620602823214", door_lock.ConfigurationReport(door_lock.Configuration(door_lock.Operation.TIMED, 0x82, (50, 20)))),
    (
        "620602823214ff01020301",
        door_lock.ConfigurationReport(
            door_lock.Configuration(
                door_lock.Operation.TIMED, 0x82, (50, 20), door_lock.Comfort(0xFF01, 0x0203, flags=1)
            )
        ),
    ),
    (
        "620402e50f12fefd000001",
        door_lock.ConfigurationSet(
            door_lock.Configuration(door_lock.Operation.TIMED, 0xE5, (15, 18), door_lock.Comfort(0xFEFD, flags=1))
        ),
    ),
    ("62080106030010ff00070a", door_lock.CapabilitiesReport(frozenset({1, 2}), (0, 0x10, 0xFF), 0, 7, 0x0A)),
    # DoorLockLoggingCC.test.ts
    ("4c0214", door_lock_logging.RecordsSupportedReport(20)),
    (
        "4c040707c50c1b2a281e010100" + "00",
        door_lock_logging.RecordReport(
            7,
            door_lock_logging.Record((1989, 12, 27, 10, 40, 30), door_lock_logging.Event.LOCK_CODE.value, 1),
        ),
    ),
    # Empty, whatever is left there from before; and cut short, as there is nothing to tell.
    ("4c040807c50c1b0a281e0101023132", door_lock_logging.RecordReport(8, None)),
    ("4c04080000000000", door_lock_logging.RecordReport(8, None)),
    # Another status than 1 holds something, too.
    ("4c040907c50c1b4a281e010100", door_lock_logging.RecordReport(9, door_lock_logging.Record(AT, 1, 1))),
    # TimeCC.test.ts
    ("8a0407c50a11", time.DateReport(date(1989, 10, 17))),
    # BatteryCC.test.ts
    ("8003373c01", battery.Report(55, battery.State(flags=0x3C, disconnected=True))),
    ("8003378000", battery.Report(55, battery.State(charging=2))),
    ("8003370300", battery.Report(55, battery.State(battery.Recharge.NOW))),
    ("8003370200", battery.Report(55, battery.State(battery.Recharge.NOW))),
    # IndicatorCC.test.ts
    ("870337", indicator.Report(55)),
    # SDS13783, as CRC16CC.test.ts cites it
    ("560120024d26", crc16.Encapsulation(bytes.fromhex("2002"))),
    # A schedule that was never set is reported without its fields, or with 0xFF in each.
    ("4e050301", schedules.WeekDayReport(3, 1, None)),
    ("4e080301", schedules.YearDayReport(3, 1, None)),
    ("4e0803011a0c18ffff1b01020b1e", schedules.YearDayReport(3, 1, None)),
    ("4e0f030100160f092d", schedules.DailyReport(3, 1, None)),
    ("4e0d831e3c", schedules.TimeOffsetSet(Offset(timedelta(minutes=-210), timedelta(minutes=60)))),
    ("8a02971e00", time.TimeReport(23, 30, 0, clock_failed=True)),
    ("81060d2d", clock.Report(None, 13, 45)),
]

GARBLED = [
    "4e0301030107081e1105",  # an eighth weekday
    "4e03010301061918",  # 25 o'clock, cut short
    "4e030103010619001105",
    "4e060103011a0d180f001b01020b1e",  # a thirteenth month
    "4e060103011a021e0f001b01020b1e",  # 30 February
    "4e060203011a0c180f001b01020b1e",  # an action that does not exist
    "4e100103012318" + "0f092d",
    "4e0c003c00",  # 60 minutes past the hour
    "8b0107ea0b1f140509",
    "8b01000000000000" + "00",
    "8a0218" + "0000",
    "8a0407ea0000",
    "8104fd2d",  # 29 o'clock
    "56012002ffff",
    "560120",
    "8f0102022001",  # two commands announced, one came
    "620603823214",
    "630804",
    "630e06313233",
    "830c0b0007010007800431323334020001010008",
    "830c040007010007800a31323334020001010008",
    "8305000007010101000000024737",  # a kind of user that does not exist
    "83050000070001010000000947",
    "831c05",
    "8304c0020103",
    "7004030300000000",
]


@pytest.mark.parametrize(("command", "wire"), BY_PEER, ids=lambda each: each if isinstance(each, str) else "")
def test_both_sides_write_the_same(command: Command, wire: str) -> None:
    assert serialize(command).hex() == wire
    assert decode(bytes.fromhex(wire)) == command


@pytest.mark.parametrize(("wire", "command"), READ, ids=lambda each: each if isinstance(each, str) else "")
def test_a_report_means_what_it_says(wire: str, command: Command) -> None:
    assert decode(bytes.fromhex(wire)) == command


@pytest.mark.parametrize("wire", GARBLED)
def test_what_breaks_its_own_rules_is_garbled(wire: str) -> None:
    with pytest.raises(Garbled):
        decode(bytes.fromhex(wire))


def test_a_record_of_a_moment_or_an_event_that_does_not_exist_is_a_record_all_the_same() -> None:
    told = decode(bytes.fromhex("4c0407000000002a281efe0300"))
    assert isinstance(told, door_lock_logging.RecordReport)
    assert told.record is not None
    assert (told.record.at, told.record.event) == (None, door_lock_logging.Event.UNKNOWN)
    known = door_lock_logging.Record(AT, 2, 4)
    assert (known.at, known.event) == (datetime(*AT, tzinfo=UTC), door_lock_logging.Event.UNLOCK_CODE)


def test_the_checksum_is_that_of_the_published_example() -> None:
    assert crc16.checksum(b"123456789") == 0xE5CC


def test_a_checksum_of_codes_leaves_out_what_is_empty_and_how_they_were_ordered() -> None:
    held = [
        user_code.Entry(2, user_code.Status.DISABLED, b"4321"),
        user_code.Entry(1, user_code.Status.ENABLED, b"1234"),
        user_code.Entry(3, user_code.Status.AVAILABLE),
    ]
    assert user_code.checksum_of(held) == crc16.checksum(bytes.fromhex("00010131323334" + "00020234333231"))
    assert user_code.checksum_of(held[2:]) == 0


def test_a_bundle_is_unwrapped_in_order_and_what_nobody_speaks_stays_in_it() -> None:
    inner = [bytes.fromhex("2003ff"), serialize(crc16.Encapsulation(bytes.fromhex("80035a"))), bytes.fromhex("9f01ff")]
    bundle = serialize(multi_command.Encapsulation(tuple(inner)))
    assert unwrap(bundle) == [basic.Report(0xFF), battery.Report(90), Unknown(0x9F, 1, b"\xff")]


def test_wrapping_without_end_is_garbled() -> None:
    wrapped = bytes.fromhex("2002")
    for _ in range(6):
        wrapped = serialize(crc16.Encapsulation(wrapped))
    with pytest.raises(Garbled):
        unwrap(wrapped)


def test_a_door_is_open_when_its_sensor_says_so() -> None:
    assert door_lock.OperationReport(door_lock.Mode.SECURED, condition=0).door_open
    assert not door_lock.OperationReport(door_lock.Mode.SECURED, condition=door_lock.DOOR).door_open


@pytest.mark.parametrize(
    "command",
    [
        user_code.AdminCodeSet(b"4711"),
        user_code.AdminCodeReport(b"4711"),
        credentials.CredentialSet(7, Kind.PIN, 7, Operation.ADD, b"4711"),
        credentials.CredentialReport(CredentialSaid.ASKED, 7, Kind.PIN, 7, readable=True, data=b"4711"),
        upkeep.AdminCodeSet(b"4711"),
        upkeep.AdminCodeReport(AdminSaid.ASKED, b"4711"),
        upkeep.LockerEntrySet(1, 2, Operation.ADD, b"4711"),
        multi_command.Encapsulation((b"\x63\x01\x01\x014711",)),
        crc16.Encapsulation(b"\x63\x01\x01\x014711"),
        door_lock_logging.RecordReport(
            1,
            door_lock_logging.Record(AT, door_lock_logging.Event.WRONG_CODE.value, 0, b"4711"),
        ),
    ],
)
def test_no_repr_shows_a_code(command: Command) -> None:
    assert "4711" not in repr(command)
