"""Every route of the API: what it is called, who may use it, what it takes, what it answers."""

from __future__ import annotations

from typing import Final

from hub.model.people import Scope
from web.api import care, codes, doors, emergencies, events, house, people, radios, stays, tokens, watch
from web.api.paging import ByName
from web.api.routes import AnyRoute, Route
from web.api.wire import Nothing

R, W, U, Q, A = Scope.READ, Scope.STAYS_WRITE, Scope.UNLOCK, Scope.QUESTIONS_WRITE, Scope.ADMIN
P, C = Scope.PEOPLE_WRITE, Scope.CODES_READ

# fmt: off
TABLE: Final[tuple[AnyRoute, ...]] = (
    Route("GET", "/properties", R, "Properties", house.list_properties, ByName, Nothing, house.PropertyPage),
    Route("GET", "/properties/{property}", R, "One property", house.get_property, Nothing, Nothing, house.PropertyOut),
    Route("GET", "/units", R, "Units", house.list_units, house.UnitQuery, Nothing, house.UnitPage),
    Route("GET", "/units/{unit}", R, "One unit", house.get_unit, Nothing, Nothing, house.UnitOut),

    Route("GET", "/locks", R, "Locks", doors.list_locks, doors.LockQuery, Nothing, doors.LockPage),
    Route("GET", "/locks/{lock}", R, "One lock", doors.get_lock, Nothing, Nothing, doors.LockOut),
    Route("POST", "/locks/{lock}/lock", U, "Lock it now; answers within 10 s",
          doors.lock_now, Nothing, Nothing, doors.MoveOut, refuses=True),
    Route("POST", "/locks/{lock}/unlock", U, "Unlock it now; answers within 10 s",
          doors.unlock_now, Nothing, Nothing, doors.MoveOut, refuses=True),

    Route("POST", "/locks/{lock}/unlock-over-s0/allow", A, "Let a lock of the old encryption be unlocked from here",
          doors.allow_unlock_over_s0, Nothing, doors.S0In, doors.LockOut, refuses=True),
    Route("POST", "/locks/{lock}/unlock-over-s0/forbid", A, "Do not let it be unlocked from here any more",
          doors.forbid_unlock_over_s0, Nothing, Nothing, doors.LockOut, refuses=True),

    Route("GET", "/stays", R, "Stays, by check-in", stays.list_stays, stays.StayQuery, Nothing, stays.StayPage),
    Route("POST", "/stays", W, "Add a stay that came by telephone",
          stays.add_stay, Nothing, stays.StayIn, stays.StayOut, status=201, refuses=True),
    Route("GET", "/stays/{stay}", R, "One stay", stays.get_stay, Nothing, Nothing, stays.StayOut),
    Route("POST", "/stays/{stay}/extend", W, "Another departure, an early check-in, a late check-out",
          stays.extend_stay, Nothing, stays.ExtendIn, stays.StayOut, refuses=True),
    Route("POST", "/stays/{stay}/cancel", W, "Cancel a stay; its codes leave the locks at once",
          stays.cancel_stay, Nothing, Nothing, stays.StayOut, refuses=True),
    Route("POST", "/stays/{stay}/restore", W, "Undo a cancellation",
          stays.restore_stay, Nothing, Nothing, stays.StayOut, refuses=True),
    Route("POST", "/stays/{stay}/redraw", W, "Give the stay another code",
          stays.redraw_code, Nothing, Nothing, stays.StayOut, refuses=True),

    Route("GET", "/codes", R, "What each keypad holds or should hold",
          codes.list_codes, codes.CodeQuery, Nothing, codes.CodePage),
    Route("POST", "/codes", W, "A code that works from now on; also needs `codes:read`",
          codes.give_code, Nothing, codes.CodeIn, codes.CodeGiven, status=201, refuses=True),
    Route("POST", "/locks/{lock}/codes/{slot}/adopt", W,
          "Give somebody else's code a name, and perhaps an end; writes nothing to the lock; also needs `codes:read`",
          codes.adopt_code, Nothing, codes.AdoptIn, codes.Adopted, status=201, refuses=True),
    Route("DELETE", "/codes/{code}", W, "End a code that belongs to no stay",
          codes.end_code, Nothing, Nothing, codes.Ended, refuses=True),

    Route("GET", "/emergencies", R, "What people did in emergencies, and what of it lasts",
          emergencies.list_emergencies, ByName, Nothing, emergencies.EmergencyPage),
    # What these tell must not be kept anywhere, so it cannot be replayed either.
    Route("POST", "/emergencies", U, "Ask what would happen: lock down, release, a code (also needs `codes:read`), an open door",
          emergencies.prepare, Nothing, emergencies.WishIn, emergencies.ForeseenOut, status=201, refuses=True, replayed=False),
    Route("POST", "/emergencies/{emergency}/confirm", U, "Make it so; answers within 10 s",
          emergencies.confirm, Nothing, Nothing, emergencies.DoneOut, refuses=True, replayed=False),

    Route("GET", "/people", R, "People who are no guests", people.list_people, people.PersonQuery, Nothing, people.PersonPage),
    Route("POST", "/people", P, "Add a person",
          people.add_person, Nothing, people.PersonIn, people.PersonOut, status=201, refuses=True),
    Route("GET", "/people/{person}", R, "One person", people.get_person, Nothing, Nothing, people.PersonOut),
    Route("POST", "/people/{person}/change", P, "Describe a person anew",
          people.change_person, Nothing, people.PersonIn, people.PersonOut, refuses=True),
    Route("POST", "/people/{person}/leave", P, "A person has left: none of their passes opens anything any more",
          people.person_leaves, Nothing, Nothing, people.PersonOut, refuses=True),
    Route("POST", "/people/{person}/return", P, "Undo that",
          people.person_comes_back, Nothing, Nothing, people.PersonOut, refuses=True),
    # The answers that hold digits must not be kept anywhere, so they cannot be replayed either.
    Route("POST", "/people/{person}/passes", P, "Give a person a pass; also needs `codes:read`",
          people.give_pass, Nothing, people.PassIn, people.PassGiven, status=201, refuses=True, replayed=False),
    Route("GET", "/passes", R, "Passes: who may open which doors when",
          people.list_passes, people.PassQuery, Nothing, people.PassPage),
    Route("GET", "/passes/{pass}", R, "One pass", people.get_pass, Nothing, Nothing, people.PassOut),
    Route("POST", "/passes/{pass}/change", P, "Other doors, hours, end or uses; the digits stay",
          people.change_pass, Nothing, people.PassIn, people.PassOut, refuses=True),
    Route("POST", "/passes/{pass}/pause", P, "Take its codes out of the locks until it is resumed",
          people.pause_pass, Nothing, Nothing, people.PassOut, refuses=True),
    Route("POST", "/passes/{pass}/resume", P, "Go on with the same digits",
          people.resume_pass, Nothing, Nothing, people.PassOut, refuses=True),
    Route("POST", "/passes/{pass}/end", P, "End it", people.end_pass, Nothing, Nothing, people.PassOut, refuses=True),
    Route("POST", "/passes/{pass}/reopen", P, "Undo that it was ended",
          people.reopen_pass, Nothing, Nothing, people.PassOut, refuses=True),
    Route("POST", "/passes/{pass}/redraw", P, "Other digits at every door; also needs `codes:read`",
          people.redraw_pass, Nothing, Nothing, people.PassGiven, refuses=True, replayed=False),
    Route("POST", "/passes/{pass}/reveal", C, "The digits; audited",
          people.reveal_pass, Nothing, Nothing, people.PassGiven, refuses=True, replayed=False),

    Route("GET", "/access-events", R, "What happened at the doors, newest first",
          events.list_access_events, events.AccessQuery, Nothing, events.AccessPage),

    Route("GET", "/channels", R, "Channels", house.list_channels, ByName, Nothing, house.ChannelPage),
    Route("GET", "/channels/{channel}", R, "One channel", house.get_channel, Nothing, Nothing, house.ChannelOut),
    Route("POST", "/channels/{channel}/sync", W, "Read a channel now",
          house.read_channel_now, Nothing, Nothing, house.ChannelOut, status=202, refuses=True),

    Route("GET", "/health", R, "How the house is, in sentences", watch.get_health, Nothing, Nothing, watch.HealthOut),
    Route("POST", "/health/time", A, "Vouch for the hub's time",
          care.confirm_time, Nothing, Nothing, watch.HealthOut, refuses=True),
    Route("POST", "/health/safe-mode/leave", A, "Leave safe mode after a restore",
          care.leave_safe_mode, Nothing, Nothing, watch.HealthOut, refuses=True),
    Route("GET", "/alarms", R, "Alarms of radio networks that nobody took note of yet",
          care.list_alarms, ByName, Nothing, care.AlarmPage),
    Route("POST", "/alarms/{alarm}/dismiss", A, "Take note of an alarm",
          care.dismiss_alarm, Nothing, Nothing, care.AlarmOut, refuses=True),
    Route("GET", "/letters", R, "Deliveries and promises that were given up on",
          care.list_letters, ByName, Nothing, care.LetterPage),
    Route("POST", "/letters/{letter}/retry", A, "Try one of them again", care.retry_letter, Nothing, Nothing, care.LetterOut),
    Route("GET", "/questions", R, "What the hub asks a person", watch.list_questions, ByName, Nothing, watch.QuestionPage),
    Route("POST", "/questions/{question}/answer", Q, "Answer a question",
          watch.answer_question, Nothing, watch.AnswerIn, watch.QuestionOut, refuses=True),

    Route("GET", "/radios", A, "Radio networks", radios.list_radios, ByName, Nothing, radios.RadioPage),
    Route("GET", "/radios/{radio}", A, "One network and its devices", radios.get_radio, Nothing, Nothing, radios.RadioOut),
    Route("GET", "/radios/{radio}/trace", A, "The last frames in words", radios.get_trace, Nothing, Nothing, radios.TraceOut),
    Route("GET", "/radios/{radio}/talk", A, "The conversation under way, else the last one",
          radios.get_talk, Nothing, Nothing, radios.TalkOut),
    Route("POST", "/radios/{radio}/talk", A, "Begin to add, remove or replace a device",
          radios.begin_talk, Nothing, radios.TalkIn, radios.TalkOut, status=201, refuses=True),
    Route("POST", "/radios/{radio}/talk/answer", A, "Answer what it asks",
          radios.answer_talk, Nothing, radios.AnswerIn, radios.TalkOut, refuses=True),
    Route("POST", "/radios/{radio}/talk/cancel", A, "Cancel it",
          radios.cancel_talk, Nothing, radios.CancelIn, radios.TalkOut, refuses=True),
    Route("POST", "/radios/{radio}/nodes/{node}/lock", A, "Make a device a lock of the house",
          radios.name_lock, Nothing, radios.NewLockIn, doors.LockOut, status=201, refuses=True),
    Route("POST", "/radios/{radio}/nodes/{node}/take-place", A, "Let a device take the place of another",
          radios.take_place, Nothing, radios.PlaceIn, doors.LockOut, refuses=True),
    Route("POST", "/radios/{radio}/nodes/{node}/ping", A, "Ask a device for a sign of life",
          radios.ping_node, Nothing, Nothing, radios.ErrandOut, refuses=True),
    Route("POST", "/radios/{radio}/nodes/{node}/interview", A, "Learn a device anew",
          radios.interview_node, Nothing, Nothing, radios.ErrandOut, refuses=True),
    Route("POST", "/radios/{radio}/nodes/{node}/heal", A, "Have a device look for its routes again",
          radios.heal_node, Nothing, Nothing, radios.ErrandOut, refuses=True),
    Route("POST", "/radios/{radio}/nodes/{node}/forget", A, "Take a device that no longer answers out of the network",
          radios.forget_node, Nothing, Nothing, radios.ErrandOut, refuses=True),
    Route("POST", "/radios/{radio}/heal", A, "Have all devices look for their routes again",
          radios.heal_radio, Nothing, Nothing, radios.ErrandOut, refuses=True),
    Route("POST", "/radios/{radio}/prepared", A, "Have a device joined by itself when it is switched on (SmartStart)",
          radios.prepare_device, Nothing, radios.PrepareIn, radios.PreparedOut, status=201, refuses=True),
    Route("DELETE", "/radios/{radio}/prepared/{tail}", A, "Forget a device that was prepared",
          radios.unprepare_device, Nothing, Nothing, radios.RadioOut, refuses=True),
    # What these tell must not be kept anywhere, so it cannot be replayed either.
    Route("POST", "/radios/{radio}/backup", A, "The stick's memory",
          radios.back_up_radio, Nothing, Nothing, radios.MemoryOut, refuses=True, replayed=False),
    Route("POST", "/radios/{radio}/restore", A, "Write a memory back; the network that the stick has now is lost",
          radios.restore_radio, Nothing, radios.MemoryIn, radios.ErrandOut, refuses=True, largest=radios.LARGEST_MEMORY),
    Route("POST", "/radios/{radio}/keys/export", A, "The network keys",
          radios.export_keys, Nothing, radios.ExportIn, radios.KeysOut, refuses=True, replayed=False),
    Route("POST", "/radios/{radio}/keys/import", A, "Take a network over with its keys",
          radios.import_keys, Nothing, radios.KeysIn, radios.RadioOut, refuses=True),

    Route("GET", "/tokens", A, "Tokens", tokens.list_tokens, ByName, Nothing, tokens.TokenPage),
    # Its answer must not be kept anywhere, so it cannot be replayed either.
    Route("POST", "/tokens", A, "Make a token", tokens.make_token, Nothing, tokens.TokenIn, tokens.TokenMade,
          status=201, refuses=True, replayed=False),
    Route("DELETE", "/tokens/{token}", A, "Revoke a token", tokens.revoke_token, Nothing, Nothing, tokens.TokenOut),
)
# fmt: on
