"""The repaired search: what it counts together, what it leaves unjudged, and what it says it left out."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sferic.catalog.platforms import load_catalogue
from sferic.correlate.activity import activity, count
from sferic.engine.columns import Columns
from sferic.model.event import DNS, HTTP, NETWORK, Event
from sferic.model.finding import ActivityRow
from sferic.model.settings import ActivityThresholds
from sferic.model.traffic import Traffic

CATALOGUE = load_catalogue()
LIMITS = ActivityThresholds()
START_S = 1_772_438_400  # 2026-03-02 08:00:00 UTC
WORKER = "a.acct-lab.workers.dev"


def call(at_s: float, **changes: Any) -> Event:
    """Return one small request by a proxy log, some seconds after eight o'clock."""
    event = Event(
        table=HTTP, time=round((START_S + at_s) * 1e6), source="squid_access", src_ip="10.0.0.10", user="mira",
        dst_host=WORKER, method="POST", path="/x", bytes_up=577, bytes_down=396, file="a", line=1,
    )  # fmt: skip
    return replace(event, **changes)


def calls(count: int, step_s: float, **changes: Any) -> list[Event]:
    """Return requests at equal steps."""
    return [call(n * step_s, **changes) for n in range(count)]


def columns(events: Iterable[Event]) -> Traffic:
    """Return events as the engine's columns."""
    made = Columns(lambda _source: False)
    for event in events:
        place = CATALOGUE.identify(event.dst_host or "", event.path)
        assert place is not None
        made.add(event, place, event.dst_host or "")
    return made.finish()


def rows(events: Iterable[Event]) -> tuple[ActivityRow, ...]:
    """Return the rows for events."""
    return activity([count(columns(events), LIMITS)], LIMITS).rows


def test_a_row_in_the_published_columns() -> None:
    """A row holds times in UTC, the caller, the hosts and the averages."""
    assert rows(calls(36, 300)) == (
        ActivityRow(
            "2026-03-02 08:00:00", "2026-03-02 10:55:00", "10.0.0.10", "mira", (WORKER,), 36, 3, 12.0, 577, 396, 1
        ),
    )


def test_nothing_in_nothing_out() -> None:
    """An input without a call to a platform has no rows, and the rules are still said."""
    found = activity([count(columns([]), LIMITS)], LIMITS)
    assert (found.rows, len(found.notes)) == ((), 1)


@pytest.mark.parametrize(
    ("count", "step_s", "found"),
    [(12, 655, True), (11, 720, False), (12, 600, False), (12, 654, False), (12, 1400, True), (12, 2000, False)],
)
def test_thresholds(count: int, step_s: float, found: bool) -> None:
    """Twelve connections in three hours begun, and two per active hour, are just enough."""
    assert bool(rows(calls(count, step_s))) is found


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ({"bytes_up": 4095, "bytes_down": 16_383}, True),
        ({"bytes_up": 4096}, False),
        ({"bytes_down": 16_384}, False),
        ({"bytes_up": None, "bytes_down": None}, True),
        ({"bytes_up": None, "bytes_down": 16_384}, False),
        ({"bytes_up": None, "bytes_down": None, "bytes_total": 20_479}, True),
        ({"bytes_up": None, "bytes_down": None, "bytes_total": 20_480}, False),
    ],
)
def test_sizes_that_are_known_are_judged(sizes: dict[str, int | None], found: bool) -> None:
    """Each known side is held against its limit and a total against both; what is unknown is not judged."""
    assert bool(rows(calls(36, 300, **sizes))) is found


def test_sizes_by_median_shown_by_mean() -> None:
    """A few big transfers neither hide a channel nor vanish from its averages."""
    events = calls(36, 300)
    events[7:10] = [replace(e, bytes_up=1_000_000) for e in events[7:10]]
    [row] = rows(events)
    assert row.avg_bytes_sent_per_conn == round((33 * 577 + 3_000_000) / 36)


def test_unknown_sizes_are_no_part_of_the_average() -> None:
    """The average is over connections whose size is known; an unknown size is not 0."""
    events = [replace(e, bytes_down=None) if n % 2 else e for n, e in enumerate(calls(36, 300))]
    assert [r.avg_bytes_recv_per_conn for r in rows(events)] == [396]


def test_each_owner_is_counted_alone() -> None:
    """Two functions of one account are one channel; another account and another platform are others."""
    hosts = (WORKER, "b.acct-lab.workers.dev", "a.acct-two.workers.dev", "site-lab.vercel.app")
    found = rows([e for host in hosts for e in calls(36, 300, dst_host=host)])
    assert sorted((r.connection_count, r.destinations) for r in found) == [
        (36, ("a.acct-two.workers.dev",)),
        (36, ("site-lab.vercel.app",)),
        (72, hosts[:2]),
    ]


def test_two_logs_of_one_channel_are_not_added() -> None:
    """A channel that proxy and firewall both saw counts once, as the log with the most known sizes tells it."""
    url_log = calls(72, 150, source="panos_threat", bytes_up=None, bytes_down=None)
    sessions = calls(36, 300, source="panos_traffic", table=NETWORK, method=None, path=None)
    [row] = rows([*url_log, *sessions])
    assert (row.connection_count, row.avg_bytes_sent_per_conn) == (36, 577)


def test_too_few_sized_connections_do_not_silence_a_log() -> None:
    """A log that saw too little of the channel to be judged does not speak for it."""
    url_log = calls(72, 150, source="panos_threat", bytes_up=None, bytes_down=None)
    sessions = calls(5, 300, source="panos_traffic", table=NETWORK, method=None, path=None)
    found = activity([count(columns([*url_log, *sessions]), LIMITS)], LIMITS)
    assert [r.connection_count for r in found.rows] == [72]
    assert found.notes[0] == "1 channel in the rows without any known size: the size test could not be made."


def test_calls_without_a_user_belong_to_the_only_one() -> None:
    """Where one user is known for machine and owner, calls without a user are theirs; where two are, nobody's."""
    events = [replace(e, user=None) if n % 3 else e for n, e in enumerate(calls(72, 150))]
    assert [(r.cs_username, r.connection_count) for r in rows(events)] == [("mira", 72)]
    second = calls(36, 300, user="noor")
    assert [(r.cs_username, r.connection_count) for r in rows([*events, *second])] == [
        ("", 48),
        ("noor", 36),
        ("mira", 24),
    ]


def test_a_machine_known_by_name_shows_its_address() -> None:
    """The column is for addresses; a machine without one is shown by its name."""
    named = calls(36, 300, device="PC-1")
    only_name = calls(24, 450, device="PC-2", src_ip=None)
    assert [r.src_ip for r in rows([*named, *only_name])] == ["10.0.0.10", "PC-2"]


def test_what_is_no_connection() -> None:
    """A proxy's call for credentials and a name look-up are no connections, and the notes say how many there were."""
    asked = calls(36, 300, status=407)
    looked_up = calls(36, 300, source="splunk_stream", table=DNS, method=None, path=None, bytes_up=40)
    found = activity([count(columns([*asked, *looked_up, *calls(24, 450)]), LIMITS)], LIMITS)
    assert [r.connection_count for r in found.rows] == [24]
    assert found.notes[0].startswith("72 of 96 rows are no connections")


def test_what_was_left_out_is_said() -> None:
    """Channels that were busy in enough hours and still left out are counted by reason."""
    slow, big = calls(48, 3600), calls(36, 300, dst_host="site-lab.vercel.app", bytes_down=90_000)
    found = activity([count(columns([*slow, *big]), LIMITS)], LIMITS)
    assert found.rows == ()
    assert found.notes[:2] == (
        "1 channel busy in enough hours left out: made fewer than 2 connections per active hour.",
        "1 channel busy in enough hours left out: moved more per connection than the limits.",
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["10.0.0.10", "10.0.0.11"]),
            st.sampled_from([None, "mira", "noor"]),
            st.sampled_from([WORKER, "b.acct-two.workers.dev"]),
            st.integers(0, 5 * 3600),
            st.sampled_from([None, 100, 9000]),
        ),
        max_size=80,
    ),
    st.integers(1, 100),
)
def test_a_neighbour_and_a_shift_change_nothing(events: list[tuple[Any, ...]], hours: int) -> None:
    """Rows of one owner do not depend on traffic to another, nor on which day it is."""
    made = [call(t, src_ip=ip, user=user, dst_host=host, bytes_up=up) for ip, user, host, t, up in events]
    loose = ActivityThresholds(connections=3, hours=2, per_hour=1.0)
    together = activity([count(columns(made), loose)], loose).rows
    alone = activity([count(columns(e for e in made if e.dst_host == WORKER), loose)], loose).rows
    shifted = activity([count(columns(replace(e, time=e.time + hours * 3_600_000_000) for e in made), loose)], loose).rows
    assert sorted(r for r in map(str, together) if WORKER in r) == sorted(map(str, alone))
    assert [(r.src_ip, r.cs_username, r.connection_count, r.hourly_buckets) for r in together] == [
        (r.src_ip, r.cs_username, r.connection_count, r.hourly_buckets) for r in shifted
    ]
