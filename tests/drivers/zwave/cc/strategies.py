"""Every command of the lock classes, as Hypothesis would make it up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from drivers.zwave.cc import (
    application_status,
    battery,
    clock,
    configuration,
    crc16,
    credential_upkeep,
    device_reset_locally,
    door_lock,
    door_lock_logging,
    indicator,
    manufacturer_specific,
    multi_command,
    notification,
    schedule_entry_lock,
    time,
    time_parameters,
    user_code,
    user_credential,
    version,
    wake_up,
)
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.user_credential import Kind, Operation

byte = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
three = st.integers(0, 0xFFFFFF)
pair = st.tuples(byte, byte)
few_bits = st.frozensets(st.integers(0, 7))
bits = st.frozensets(st.integers(0, 31 * 8 - 1))
codes = st.binary(max_size=10)
hours, sixty = st.integers(0, 23), st.integers(0, 59)
hour_minute = st.tuples(hours, sixty)
weekdays = st.integers(0, 6)
seconds = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)
minutes = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(second=0, microsecond=0)
)
offsets = st.builds(
    time.Offset,
    st.integers(-127 * 60 - 59, 127 * 60 + 59).map(lambda each: timedelta(minutes=each)),
    st.integers(-127, 127).map(lambda each: timedelta(minutes=each)),
)
turns = st.builds(time.Turn, byte, byte, byte)

CLOCKS: dict[type[Command], st.SearchStrategy[Command]] = {
    time.TimeGet: st.builds(time.TimeGet),
    time.TimeReport: st.builds(time.TimeReport, hours, sixty, sixty, st.booleans()),
    time.DateGet: st.builds(time.DateGet),
    time.DateReport: st.builds(time.DateReport, st.dates(date(1, 1, 1))),
    time.TimeOffsetSet: st.builds(time.TimeOffsetSet, offsets, turns, turns),
    time.TimeOffsetGet: st.builds(time.TimeOffsetGet),
    time.TimeOffsetReport: st.builds(time.TimeOffsetReport, offsets, turns, turns),
    time_parameters.Set: st.builds(time_parameters.Set, seconds),
    time_parameters.Get: st.builds(time_parameters.Get),
    time_parameters.Report: st.builds(time_parameters.Report, seconds),
    clock.Set: st.builds(clock.Set, st.none() | weekdays, hours, sixty),
    clock.Get: st.builds(clock.Get),
    clock.Report: st.builds(clock.Report, st.none() | weekdays, hours, sixty),
}

week_days = st.none() | st.builds(schedule_entry_lock.WeekDay, weekdays, hour_minute, hour_minute)
year_days = st.none() | st.builds(schedule_entry_lock.YearDay, minutes, minutes)
dailies = st.none() | st.builds(
    schedule_entry_lock.Daily,
    st.frozensets(weekdays, min_size=1),
    hour_minute,
    st.integers(0, 24 * 60 - 1).map(lambda each: timedelta(minutes=each)),
)
SCHEDULES: dict[type[Command], st.SearchStrategy[Command]] = {
    schedule_entry_lock.EnableSet: st.builds(schedule_entry_lock.EnableSet, byte, st.booleans()),
    schedule_entry_lock.EnableAllSet: st.builds(schedule_entry_lock.EnableAllSet, st.booleans()),
    schedule_entry_lock.SupportedGet: st.builds(schedule_entry_lock.SupportedGet),
    schedule_entry_lock.SupportedReport: st.builds(schedule_entry_lock.SupportedReport, byte, byte, st.none() | byte),
    schedule_entry_lock.WeekDaySet: st.builds(schedule_entry_lock.WeekDaySet, byte, byte, week_days),
    schedule_entry_lock.WeekDayGet: st.builds(schedule_entry_lock.WeekDayGet, byte, byte),
    schedule_entry_lock.WeekDayReport: st.builds(schedule_entry_lock.WeekDayReport, byte, byte, week_days),
    schedule_entry_lock.YearDaySet: st.builds(schedule_entry_lock.YearDaySet, byte, byte, year_days),
    schedule_entry_lock.YearDayGet: st.builds(schedule_entry_lock.YearDayGet, byte, byte),
    schedule_entry_lock.YearDayReport: st.builds(schedule_entry_lock.YearDayReport, byte, byte, year_days),
    schedule_entry_lock.DailySet: st.builds(schedule_entry_lock.DailySet, byte, byte, dailies),
    schedule_entry_lock.DailyGet: st.builds(schedule_entry_lock.DailyGet, byte, byte),
    schedule_entry_lock.DailyReport: st.builds(schedule_entry_lock.DailyReport, byte, byte, dailies),
    schedule_entry_lock.TimeOffsetGet: st.builds(schedule_entry_lock.TimeOffsetGet),
    schedule_entry_lock.TimeOffsetReport: st.builds(schedule_entry_lock.TimeOffsetReport, offsets),
    schedule_entry_lock.TimeOffsetSet: st.builds(schedule_entry_lock.TimeOffsetSet, offsets),
}

comforts = st.none() | st.builds(door_lock.Comfort, word, word, byte)
configurations = st.builds(door_lock.Configuration, st.sampled_from(door_lock.Operation), byte, pair, comforts)
records = st.none() | st.builds(
    door_lock_logging.Record, st.tuples(word, byte, byte, st.integers(0, 31), byte, byte), byte, byte, codes
)
DOORS: dict[type[Command], st.SearchStrategy[Command]] = {
    door_lock.ConfigurationSet: st.builds(door_lock.ConfigurationSet, configurations),
    door_lock.ConfigurationGet: st.builds(door_lock.ConfigurationGet),
    door_lock.ConfigurationReport: st.builds(door_lock.ConfigurationReport, configurations),
    door_lock_logging.RecordsSupportedGet: st.builds(door_lock_logging.RecordsSupportedGet),
    door_lock_logging.RecordsSupportedReport: st.builds(door_lock_logging.RecordsSupportedReport, byte),
    door_lock_logging.RecordGet: st.builds(door_lock_logging.RecordGet, byte),
    door_lock_logging.RecordReport: st.builds(door_lock_logging.RecordReport, byte, records),
}

keypad_modes = st.sampled_from(user_code.KeypadMode)
kinds, operations = st.sampled_from(Kind), st.sampled_from(Operation)
users = st.builds(
    user_credential.User,
    st.sampled_from(user_credential.UserKind),
    st.booleans(),
    st.sampled_from(user_credential.Rule),
    word,
    st.integers(0, 7),
    st.binary(max_size=20),
)
abilities = st.builds(user_credential.Ability, byte, word, byte, byte, st.booleans(), byte, byte, byte)
modifiers = st.sampled_from(user_credential.Modifier)
deletions = st.just(Operation.DELETE)
changes = st.sampled_from([Operation.ADD, Operation.MODIFY])
CODES: dict[type[Command], st.SearchStrategy[Command]] = {
    user_code.KeypadModeSet: st.builds(user_code.KeypadModeSet, keypad_modes),
    user_code.KeypadModeGet: st.builds(user_code.KeypadModeGet),
    user_code.KeypadModeReport: st.builds(user_code.KeypadModeReport, keypad_modes),
    user_code.AdminCodeSet: st.builds(user_code.AdminCodeSet, codes),
    user_code.AdminCodeGet: st.builds(user_code.AdminCodeGet),
    user_code.AdminCodeReport: st.builds(user_code.AdminCodeReport, codes),
    user_code.ChecksumGet: st.builds(user_code.ChecksumGet),
    user_code.ChecksumReport: st.builds(user_code.ChecksumReport, word),
    user_credential.UserCapabilitiesGet: st.builds(user_credential.UserCapabilitiesGet),
    user_credential.UserCapabilitiesReport: st.builds(
        user_credential.UserCapabilitiesReport,
        word,
        few_bits,
        byte,
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.frozensets(st.integers(0, 2)),
        few_bits,
    ),
    user_credential.CredentialCapabilitiesGet: st.builds(user_credential.CredentialCapabilitiesGet),
    user_credential.CredentialCapabilitiesReport: st.builds(
        user_credential.CredentialCapabilitiesReport,
        st.lists(abilities, max_size=4).map(tuple),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    user_credential.UserSet: st.builds(user_credential.UserSet, deletions, word)
    | st.builds(user_credential.UserSet, changes, word, users),
    user_credential.UserGet: st.builds(user_credential.UserGet, word),
    user_credential.UserReport: st.builds(
        user_credential.UserReport, st.sampled_from(user_credential.UserSaid), word, modifiers, word, word, users
    ),
    user_credential.CredentialSet: st.builds(user_credential.CredentialSet, word, kinds, word, deletions)
    | st.builds(user_credential.CredentialSet, word, kinds, word, changes, codes),
    user_credential.CredentialGet: st.builds(user_credential.CredentialGet, word, kinds, word),
    user_credential.CredentialReport: st.builds(
        user_credential.CredentialReport,
        st.sampled_from(user_credential.CredentialSaid),
        word,
        kinds,
        word,
        st.booleans(),
        codes,
        modifiers,
        word,
        kinds,
        word,
    ),
}

UPKEEP: dict[type[Command], st.SearchStrategy[Command]] = {
    credential_upkeep.LearnStart: st.builds(credential_upkeep.LearnStart, word, kinds, word, operations, byte),
    credential_upkeep.LearnCancel: st.builds(credential_upkeep.LearnCancel),
    credential_upkeep.LearnReport: st.builds(
        credential_upkeep.LearnReport, st.sampled_from(credential_upkeep.Learning), word, kinds, word, byte
    ),
    credential_upkeep.AssociationSet: st.builds(credential_upkeep.AssociationSet, kinds, word, word),
    credential_upkeep.AssociationReport: st.builds(credential_upkeep.AssociationReport, kinds, word, word, byte),
    credential_upkeep.AllUsersChecksumGet: st.builds(credential_upkeep.AllUsersChecksumGet),
    credential_upkeep.AllUsersChecksumReport: st.builds(credential_upkeep.AllUsersChecksumReport, word),
    credential_upkeep.UserChecksumGet: st.builds(credential_upkeep.UserChecksumGet, word),
    credential_upkeep.UserChecksumReport: st.builds(credential_upkeep.UserChecksumReport, word, word),
    credential_upkeep.CredentialChecksumGet: st.builds(credential_upkeep.CredentialChecksumGet, kinds),
    credential_upkeep.CredentialChecksumReport: st.builds(credential_upkeep.CredentialChecksumReport, kinds, word),
    credential_upkeep.AdminCodeSet: st.builds(credential_upkeep.AdminCodeSet, codes),
    credential_upkeep.AdminCodeGet: st.builds(credential_upkeep.AdminCodeGet),
    credential_upkeep.AdminCodeReport: st.builds(
        credential_upkeep.AdminCodeReport, st.sampled_from(credential_upkeep.AdminSaid), codes
    ),
    credential_upkeep.LockerCapabilitiesGet: st.builds(credential_upkeep.LockerCapabilitiesGet),
    credential_upkeep.LockerCapabilitiesReport: st.builds(
        credential_upkeep.LockerCapabilitiesReport,
        st.lists(st.builds(credential_upkeep.Locker, byte, word, word, word), max_size=3).map(tuple),
    ),
    credential_upkeep.LockerEntrySet: st.builds(credential_upkeep.LockerEntrySet, byte, word, deletions)
    | st.builds(credential_upkeep.LockerEntrySet, byte, word, changes, codes),
    credential_upkeep.LockerEntryGet: st.builds(credential_upkeep.LockerEntryGet, byte, word),
    credential_upkeep.LockerEntryReport: st.builds(credential_upkeep.LockerEntryReport, st.booleans(), byte, word),
}

settings = st.sampled_from([1, 2, 4]).flatmap(
    lambda size: st.builds(
        configuration.Set,
        byte,
        st.integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1),
        st.just(size),
        st.booleans(),
    )
)
properties = st.integers(0, 7).flatmap(
    lambda size: st.builds(
        configuration.PropertiesReport,
        word,
        st.integers(0, 7),
        st.just(size),
        st.binary(min_size=3 * size, max_size=3 * size),
        word,
        st.booleans(),
        st.booleans(),
        st.none() | byte,
    )
)
lights = st.lists(st.builds(indicator.Light, byte, byte, byte), max_size=5).map(tuple)
builds = st.builds(version.Build, st.tuples(byte, byte, byte), word)
states = st.none() | st.builds(
    battery.State,
    st.sampled_from(battery.Recharge),
    st.integers(0, 3),
    st.integers(0, 15).map(lambda each: each << 2),
    st.booleans(),
    st.booleans(),
)
OTHERS: dict[type[Command], st.SearchStrategy[Command]] = {
    application_status.Busy: st.builds(application_status.Busy, st.sampled_from(application_status.Later), byte),
    application_status.RejectedRequest: st.builds(application_status.RejectedRequest, byte),
    battery.Report: st.builds(battery.Report, st.none() | st.integers(0, 100), states),
    battery.HealthGet: st.builds(battery.HealthGet),
    battery.HealthReport: st.builds(
        battery.HealthReport,
        st.none() | st.integers(0, 254),
        st.none() | st.builds(battery.Temperature, st.integers(-0x8000, 0x7FFF), st.integers(0, 7)),
    ),
    configuration.Set: settings,
    configuration.NameGet: st.builds(configuration.NameGet, word),
    configuration.NameReport: st.builds(configuration.NameReport, word, byte, st.binary(max_size=30)),
    configuration.PropertiesGet: st.builds(configuration.PropertiesGet, word),
    configuration.PropertiesReport: properties,
    crc16.Encapsulation: st.builds(crc16.Encapsulation, st.binary(min_size=1, max_size=30)),
    device_reset_locally.Notification: st.builds(device_reset_locally.Notification),
    indicator.Set: st.builds(indicator.Set, byte, lights),
    indicator.Get: st.builds(indicator.Get, st.none() | byte),
    indicator.Report: st.builds(indicator.Report, byte, lights),
    manufacturer_specific.DeviceSpecificGet: st.builds(manufacturer_specific.DeviceSpecificGet, st.integers(0, 7)),
    manufacturer_specific.DeviceSpecificReport: st.builds(
        manufacturer_specific.DeviceSpecificReport, st.integers(0, 7), st.integers(0, 7), st.binary(max_size=31)
    ),
    multi_command.Encapsulation: st.builds(
        multi_command.Encapsulation, st.lists(st.binary(max_size=10), max_size=4).map(tuple)
    ),
    notification.Get: st.builds(notification.Get, byte)
    | st.builds(notification.Get, byte, byte)
    | st.builds(notification.Get, byte, byte, byte),
    notification.Set: st.builds(notification.Set, byte, st.booleans()),
    notification.SupportedGet: st.builds(notification.SupportedGet),
    notification.SupportedReport: st.builds(notification.SupportedReport, bits, st.booleans()),
    version.Report: st.builds(version.Report, byte, pair, pair)
    | st.builds(version.Report, byte, pair, pair, byte, st.lists(pair, max_size=3).map(tuple)),
    version.CapabilitiesGet: st.builds(version.CapabilitiesGet),
    version.CapabilitiesReport: st.builds(version.CapabilitiesReport, st.booleans()),
    version.SoftwareGet: st.builds(version.SoftwareGet),
    version.SoftwareReport: st.builds(
        version.SoftwareReport, st.tuples(byte, byte, byte), builds, builds, builds, builds
    ),
    wake_up.IntervalSet: st.builds(wake_up.IntervalSet, three, byte),
    wake_up.IntervalGet: st.builds(wake_up.IntervalGet),
    wake_up.IntervalReport: st.builds(wake_up.IntervalReport, three, byte),
    wake_up.Notification: st.builds(wake_up.Notification),
    wake_up.NoMoreInformation: st.builds(wake_up.NoMoreInformation),
    wake_up.CapabilitiesGet: st.builds(wake_up.CapabilitiesGet),
    wake_up.CapabilitiesReport: st.builds(
        wake_up.CapabilitiesReport, three, three, three, three, st.none() | st.booleans()
    ),
}

LOCK_CLASSES = CLOCKS | SCHEDULES | DOORS | CODES | UPKEEP | OTHERS
