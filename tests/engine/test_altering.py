"""A change made to events by their lines, and to nothing else."""

from msgspec.structs import replace

from sferic.engine.altering import altered
from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import Setup, source

GOOD = "1772445600.250     57 10.0.0.1 TCP_TUNNEL/200 396 CONNECT a.workers.dev:443 - HIER_DIRECT/192.0.2.10 -"
BAD = "1772445600.250     57 10.0.0.1"


def test_events_are_changed_and_rejects_are_not() -> None:
    """What the line gives is put into the event; a line that is no event stays what it is."""

    def written(event: Event, line: Line) -> None:
        event.raw = line.text

    plain = source("squid_access")
    changed = altered({"squid_access": plain}, written)["squid_access"]
    assert replace(changed, reader=plain.reader) == plain
    before, after = (one.reader(Setup(Clock())) for one in (plain, changed))
    event, told = before.read(Line(GOOD)), after.read(Line(GOOD))
    assert isinstance(event, Event)
    assert told == replace(event, raw=GOOD)
    assert isinstance(after.read(Line(BAD)), Reject)
    assert after.claims(Line(GOOD)) == before.claims(Line(GOOD)) > 0
