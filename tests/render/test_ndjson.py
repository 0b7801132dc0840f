"""The contract with programs."""

import io
import json
from typing import Any

from sferic.model.report import Report
from sferic.render import Look, activity, ndjson

CONTRACT = (
    "id schema analytic score severity src_ip device user process platform tenant function hosts actor first_seen last_seen "
    "connections interval bytes_up bytes_down techniques reasons benign_explanations next_steps"
).split()


def records(report: Report) -> list[Any]:
    """Render and read back."""
    stream = io.StringIO()
    ndjson.render(report, stream, Look())
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_key_is_always_there(report: Report) -> None:
    """The barest finding has every key of the contract; what is unknown is null, lists are empty."""
    bare = records(report)[-1]
    assert set(CONTRACT) <= set(bare)
    assert all(bare[key] is None for key in ("src_ip", "interval", "bytes_up", "first_seen", "last_seen", "actor"))
    assert all(bare[key] == [] for key in ("hosts", "techniques", "reasons", "next_steps"))


def test_values_are_plain(report: Report) -> None:
    """Times are RFC 3339 UTC, the interval has its four parts, a reason its five, and points add up."""
    first = records(report)[0]
    assert first["first_seen"] == "2026-03-02T08:15:12Z"
    assert first["interval"] == {"median_s": 56.0, "jitter": 0.2, "law": "one_sided", "sleep_s": 60.0}
    assert set(first["reasons"][0]) == {"signal", "points", "value", "text", "events"}
    assert round(sum(reason["points"] for reason in first["reasons"]), 6) == first["points"]


def test_published_rows_keep_their_columns(activity_report: Report) -> None:
    """Rows of the published search have its columns in its order; an unknown mean is null, never 0."""
    rows = records(activity_report)
    published = "first_seen last_seen src_ip cs_username destinations connection_count hourly_buckets avg_connections_per_hour avg_bytes_sent_per_conn avg_bytes_recv_per_conn beaconing_likely"
    assert [list(row) for row in rows] == [[*published.split(), "analytic", "schema"]] * 2
    assert rows[1]["avg_bytes_recv_per_conn"] is None
    stream = io.StringIO()
    activity.csv(activity_report, stream, Look())
    assert stream.getvalue().splitlines()[0] == published.replace(" ", ",")


def test_nothing_found_is_no_line(report: Report) -> None:
    """An empty result is an empty stream, not an empty object."""
    report.findings = ()
    assert records(report) == []
