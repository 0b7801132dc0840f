"""Weighs traffic that is already in memory: the hunt without reading logs, and the published search in both forms.

For evaluation, which makes its events itself and wants them judged exactly as a hunt would.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC

from sferic.catalog.published_search import published_facts
from sferic.catalog.weights import load_weights
from sferic.correlate.activity import activity, count
from sferic.correlate.published import PublishedSearch, SearchFields
from sferic.model.event import Event, Line, Reject
from sferic.model.finding import ActivityRow, Finding
from sferic.model.settings import Settings
from sferic.model.traffic import UNKNOWN, Ints, Traffic
from sferic.pipeline.weighing import weigh_all
from sferic.signals._segments import Cutting, cut
from sferic.sources._clock import Clock
from sferic.sources._contract import Setup, source


def judge(traffic: Traffic, span_s: tuple[float, float], min_score: int) -> list[Finding]:
    """Return what a hunt would find in this traffic, best first; the logs cover `span_s`, epoch seconds."""
    settings = Settings(min_score=min_score)
    return weigh_all(cut(traffic, Cutting(0, span_s)), settings, load_weights())


def busy(traffic: Traffic) -> tuple[ActivityRow, ...]:
    """Return the rows of the published search, repaired."""
    limits = Settings().activity
    return activity([count(traffic, limits)], limits).rows


def as_published(traffic: Traffic) -> tuple[ActivityRow, ...]:
    """Return the rows of the search as published, with every field it asks for filled where a log holds it."""
    search = PublishedSearch(published_facts(), Settings().activity, UTC)
    for row in range(len(traffic)):
        client, user = int(traffic.client[row]), int(traffic.user[row])
        address = traffic.addresses.get(client, traffic.clients[client])
        search.take(
            SearchFields(
                time_s=float(traffic.time_s[row]),
                src_ip=address,
                c_ip=address,
                cs_username=None if user == UNKNOWN else traffic.users[user],
                cs_host=traffic.hosts[traffic.host[row]],
                cs_bytes=_known(traffic.up, row),
                sc_bytes=_known(traffic.down, row),
            )
        )
    return search.result().rows


def _known(values: Ints, row: int) -> int | None:
    return int(values[row]) if values[row] >= 0 else None


def read_lines(name: str, lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events that a source's reader makes of lines; lines that it rejects would be the writer's defect.

    Raises ValueError for such a line.
    """
    reader = source(name).reader(Setup(Clock(UTC)))
    for number, text in enumerate(lines, 1):
        event = reader.read(Line(text, number))
        reason = event.reason if isinstance(event, Reject) else None
        if reason is not None:
            raise ValueError(f"{name}, line {number}: {reason}")
        if isinstance(event, Event):
            yield event
