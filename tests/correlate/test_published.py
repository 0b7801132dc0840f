"""The search as published: that it finds, misses and invents exactly what Splunk makes it find, miss and invent."""

from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from sferic.catalog.published_search import published_facts
from sferic.correlate.activity import Activity
from sferic.correlate.published import MAX_ROWS, Extraction, PublishedSearch, SearchFields
from sferic.model.event import DNS, HTTP, NETWORK, Event
from sferic.model.finding import ActivityRow
from sferic.model.settings import ActivityThresholds

FACTS = published_facts()
START_S = 1_772_438_400  # 2026-03-02 08:00:00 UTC
WORKER = "a.workers.dev"
FULL = SearchFields(
    time_s=START_S, src_ip="10.0.0.10", c_ip="10.0.0.10", cs_username="mira", cs_host=WORKER, sc_bytes=396, cs_bytes=577
)


def beacon(count: int = 72, step_s: float = 300, start_s: float = START_S, **changes: Any) -> list[SearchFields]:
    """Return events at equal steps, by default what a source with all of the search's fields would give."""
    return [replace(FULL, time_s=start_s + n * step_s, **changes) for n in range(count)]


def search(events: Iterable[SearchFields], zone: tzinfo = UTC) -> Activity:
    """Run the search over events."""
    made = PublishedSearch(FACTS, ActivityThresholds(), zone)
    for event in events:
        made.take(event)
    return made.result()


def test_a_source_with_all_fields_alerts() -> None:
    """Seventy-two calls in five-minute steps alert, if there ever was a source with all seven fields."""
    assert search(beacon()).rows == (
        ActivityRow(
            "2026-03-02 08:00:00", "2026-03-02 13:55:00", "10.0.0.10", "mira", (WORKER,), 72, 6, 12.0, 577, 396, 1
        ),
    )


LOGGED = Event(
    table=HTTP, time=0, src_ip="10.0.0.10", user="mira", dst_host=WORKER, dst_port=443, method="POST", path="/x",
    bytes_up=577, bytes_down=396,
)  # fmt: skip
NAMELESS = replace(LOGGED, table=NETWORK, dst_host=None, method=None, path=None)


@pytest.mark.parametrize(
    ("source", "event"),
    [
        ("bluecoat_proxysg", LOGGED),
        ("squid_access", LOGGED),
        ("zscaler_nss_web", LOGGED),
        ("splunk_stream", LOGGED),
        ("panos_traffic", NAMELESS),
        ("panos_threat", replace(LOGGED, bytes_up=None, bytes_down=None)),
        ("cisco_asa", NAMELESS),
        ("cisco_asa", replace(LOGGED, user=None, bytes_up=None, bytes_down=None)),
    ],
    ids="bluecoat squid zscaler stream pan:traffic pan:threat asa:302014 asa:304001".split(),
)
def test_stock_fields_are_never_enough(source: str, event: Event) -> None:
    """With what its stock add-on extracts, each log that the page names leaves the search silent."""
    seen = PublishedSearch(FACTS, ActivityThresholds(), UTC)
    stock = Extraction(FACTS, assume_fields=False)
    stock.feed((replace(event, source=source, time=(START_S + n * 300) * 1_000_000) for n in range(72)), seen)
    assert seen.result().rows == ()
    assert seen.groups == 0


@pytest.mark.parametrize(
    ("event", "destination"),
    [
        (LOGGED, "https://a.workers.dev/x"),
        (replace(LOGGED, dst_port=80, path="/x?y"), "http://a.workers.dev/x?y"),
        (replace(LOGGED, method="CONNECT", path=None, dst_port=8443), "a.workers.dev:8443"),
        (NAMELESS, None),
    ],
)
def test_urls_are_what_the_add_on_has(event: Event, destination: str | None) -> None:
    """A request's URL has its scheme, a CONNECT's is host and port, a firewall connection has none."""
    seen = Extraction(FACTS, assume_fields=False).fields(replace(event, source="squid_access"))
    assert seen.url == destination
    assert (seen.cs_host, seen.c_ip, seen.cs_bytes) == (None, None, None)


def test_a_dash_is_a_user_where_the_log_writes_one() -> None:
    """Nobody is a dash in ProxySG and Squid logs, which is a value, and no value in PAN-OS logs."""
    nobody = replace(LOGGED, user=None)
    fields = Extraction(FACTS, assume_fields=True).fields
    users = [
        fields(replace(nobody, source=s)).cs_username for s in ("bluecoat_proxysg", "squid_access", "panos_threat")
    ]
    assert users == ["-", "-", None]


def test_a_log_the_search_never_heard_of() -> None:
    """A log without a stock add-on has no fields; with all fields assumed it has what it holds."""
    assert Extraction(FACTS, assume_fields=False).fields(replace(LOGGED, source="acme")).src_ip is None
    assert Extraction(FACTS, assume_fields=True).fields(replace(LOGGED, source="acme")).c_ip == "10.0.0.10"


def test_name_look_ups_are_not_fed() -> None:
    """A DNS query is in none of the sourcetypes the search reads, whatever is assumed."""
    seen = PublishedSearch(FACTS, ActivityThresholds(), UTC)
    Extraction(FACTS, assume_fields=True).feed([replace(LOGGED, table=DNS, method=None, path=None)] * 9, seen)
    assert (seen.groups, seen.result().notes) == (0, ())


PAGES = [replace(FULL, time_s=START_S + n * 60, cs_host="x.vercel.app", sc_bytes=2_000_000) for n in range(10)]
PERSON = [replace(e, time_s=START_S + n * n * 13, cs_host="docs.pages.dev") for n, e in enumerate(beacon(40))]


@pytest.mark.parametrize(
    ("events", "found"),
    [
        (beacon(48, 3600), 0),
        (beacon(cs_username=None), 0),
        (beacon(src_ip=None), 0),
        (beacon(c_ip=None), 0),
        (beacon(sc_bytes=None), 0),
        (beacon(cs_bytes=None), 0),
        ([*beacon(), *PAGES], 0),
        (beacon(cs_host="abc.lambda-url.us-east-1.on.aws"), 0),
        (beacon(cs_host="A.WORKERS.DEV"), 0),
        (beacon(cs_host="-", url="https://a.workers.dev/"), 0),
        (beacon(cs_host="foo.run.app.evil.example"), 1),
        (beacon(cs_host="notworkers.dev"), 1),
        (beacon(cs_host=None, url="intranet.example/?next=x.workers.dev"), 1),
        (beacon(cs_host=None, url="https://intranet.example/?next=x.workers.dev"), 0),
        (beacon(cs_host=None, url="http://intranet.example?next=x.workers.dev"), 1),
        (PERSON, 1),
        (beacon(11), 0),
    ],
)
def test_what_alerts_and_what_does_not(events: list[SearchFields], found: int) -> None:
    """Each case has the result that the published text has in Splunk, missed beacons and false alarms alike."""
    assert len(search(events).rows) == found


def test_all_serverless_hosts_of_a_client_are_one_group() -> None:
    """The destination is no part of the key: two rare heartbeats make one row."""
    both = [*beacon(6, 1500, cs_host="a.netlify.app"), *beacon(6, 1500, cs_host="b.supabase.co:443")]
    [row] = search(both).rows
    assert (row.connection_count, row.destinations) == (12, ("a.netlify.app", "b.supabase.co:443"))


def test_hours_are_the_searchers() -> None:
    """Hours begun are counted on the searcher's clock: half-hour zones move them, and DST merges two."""
    morning = beacon(14, 300, START_S - 60)
    assert [r.hourly_buckets for r in search(morning).rows] == [3]
    assert search(morning, ZoneInfo("Asia/Kolkata")).rows == ()
    night = beacon(18, 600, 1_792_886_400)  # 2026-10-25 00:00 UTC: two, again two, and three o'clock in Berlin
    assert [r.hourly_buckets for r in search(night).rows] == [3]
    assert search(night, ZoneInfo("Europe/Berlin")).rows == ()


def test_rates_and_averages_are_rounded_before_they_are_judged() -> None:
    """1.95 connections per hour are rounded to 2.0 and pass; 4,095.5 bytes are rounded to 4,096 and do not."""
    hours = [replace(FULL, time_s=START_S + 3600 * (n % 20)) for n in range(39)]
    assert [r.avg_connections_per_hour for r in search(hours).rows] == [2.0]
    assert len(search(beacon(cs_bytes=4095)).rows) == 1
    odd = [replace(e, cs_bytes=4095 + n % 2) for n, e in enumerate(beacon())]
    assert search(odd).rows == ()


def test_sort_stops_at_ten_thousand() -> None:
    """Rows come by connections, most first, and those beyond ten thousand are cut, which Splunk does not say."""
    often = beacon(13, 700, src_ip="10.9.9.9")
    many = [e for n in range(MAX_ROWS) for e in beacon(12, 700, src_ip=f"10.1.{n >> 8}.{n & 255}")]
    found = search([*many, *often])
    assert (len(found.rows), found.rows[0].src_ip) == (MAX_ROWS, "10.9.9.9")
    assert found.notes == ("1 row dropped: sort stops at 10,000.",)


def test_dropped_events_are_counted_by_reason() -> None:
    """What Splunk drops without a word is said: which events, of which log, and for want of what."""
    made = PublishedSearch(FACTS, ActivityThresholds(), UTC)
    made.take(replace(FULL, cs_username=None), "squid_access")
    made.take(replace(FULL, c_ip=None), "zeek_http", "sourcetype unknown is not searched")
    made.take(replace(FULL, cs_host="www.example.com"), "squid_access")
    assert made.result().notes == (
        "squid_access: 1 event of a matching name dropped: no cs_username.",
        "zeek_http: 1 event of a matching name dropped: sourcetype unknown is not searched; no c_ip.",
    )
