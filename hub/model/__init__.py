"""The vocabulary of the house: pure values and decisions, no I/O and no clock.

Glossary, used with these meanings everywhere:

home, property   a building or a set of units under one address, one time zone and one set of house rules
unit             what is let: a flat, a room, a whole house
door, lock       one physical lock on one door; shared when several units' guests pass it
keypad, slot     where a lock keeps codes; a slot is one numbered place for one code
stay             a reservation as we understand it (or a block, which lets nobody in)
guest            who stays; known by what the channel tells us, often only four digits of a telephone number
person           who comes again and is no guest: staff, cleaners, vendors, managers, owners
pass             a person's standing leave to open some doors: always, at weekly hours, or between two stays of a unit
grant            leave to open one lock with one PIN for one window
fact             something the outside world told us; never edited after it arrived
effect           something we promised to do outside, at least once
step             the one next move that brings a lock nearer to what should be
signal           "look again at this"; carries only a name
"""
