"""The rules of `microsoft_defender` that its golden cases do not show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import NETWORK, PROCESS, Event, Line
from sferic.sources._contract import CERTAIN, NO
from sferic.sources.microsoft_defender import Reader
from tests.sources.single_lines import VALUES, Log, texts

LOG = Log(Reader)
ROW = {
    "Timestamp": "2026-03-02T10:00:00Z", "DeviceName": "ws-1", "ActionType": "ConnectionSuccess",
    "RemoteIP": "203.0.113.9", "RemoteUrl": "", "LocalIP": "10.0.0.5",
}  # fmt: skip
NAMES = sorted({*ROW, "AdditionalFields", "FolderPath", "FileName", "Protocol", "InitiatingProcessId", "RemotePort"})
KINDS = [
    "ConnectionSuccess",
    "HttpConnectionInspected",
    "DnsQueryResponse",
    "ProcessCreated",
    "InboundConnectionAccepted",
]


def row(**fields: Any) -> str:
    """Write a row as JSON."""
    return json.dumps(ROW | fields)


@pytest.mark.parametrize(
    ("stamp", "hour"),
    [("3/2/2026, 12:00:01.118 AM", 0), ("3/2/2026 1:00:01 PM", 13), ("3/2/2026, 12:00:01 PM", 12)],
)
def test_portals_write_american_times(stamp: str, hour: int) -> None:
    """Month first, and twelve hours twice a day."""
    time = LOG.event(row(Timestamp=stamp)).time
    assert time // 3_600_000_000 == 1_772_409_600 // 3600 + hour


def test_a_column_in_utc_is_utc() -> None:
    """The column's name says the zone, whatever the log's own is."""
    named = {k: v for k, v in ROW.items() if k != "Timestamp"} | {"TimeGenerated [UTC]": "3/2/2026, 10:00:00.000 AM"}
    assert LOG.event(json.dumps(named)).time == LOG.event(row()).time


@pytest.mark.parametrize(
    ("url", "host", "origin", "path"),
    [
        ("https://fn.example.com/a?b", "fn.example.com", "url", "/a?b"),
        ("fn.example.com", "fn.example.com", None, None),
        ("fn.example.com/a", "fn.example.com", "url", "/a"),
        ("198.51.100.4", None, None, None),
        ("", None, None, None),
    ],
)
def test_remote_url_is_a_url_or_a_host(url: str, host: str | None, origin: str | None, path: str | None) -> None:
    """A URL says where the name came from, a bare name does not, and an address is no name."""
    found = LOG.event(row(RemoteUrl=url))
    assert (found.dst_host, found.host_source, found.path) == (host, origin, path)
    assert found.dst_ip == "203.0.113.9"


@pytest.mark.parametrize(
    "way", [{"ActionType": "InboundConnectionAccepted"}, {"AdditionalFields": {"direction": "In"}}]
)
def test_what_comes_in_has_the_machine_as_its_server(way: dict[str, Any]) -> None:
    """The remote end is the client then, and no name of it is the server's."""
    found = LOG.event(row(RemoteUrl="client.example.com", **way))
    assert (found.src_ip, found.dst_ip, found.dst_host) == ("203.0.113.9", "10.0.0.5", None)
    assert (found.device, found.observer) == (None, "ws-1")


@pytest.mark.parametrize(
    ("record", "claim"),
    [
        (ROW, CERTAIN),
        ({"category": "AdvancedHunting-DeviceEvents", "properties": {"DeviceId": "aa"}}, CERTAIN),
        ({"ActionType": "x", "user": "y"}, NO),
        ({"DeviceName": "ws-1", "RemoteIP": "203.0.113.9"}, NO),
    ],
)
def test_claims_what_only_defender_writes(record: dict[str, Any], claim: int) -> None:
    """A column of the product's own and a device make a claim."""
    assert LOG.made().claims(Line(json.dumps(record))) == claim


BARE = {name: value for name, value in ROW.items() if name != "ActionType"} | {"InitiatingProcessFileName": "a.exe"}


@pytest.mark.parametrize(
    ("fields", "table"),
    [
        ({"RemoteUrl": "fn.example.com"}, NETWORK),
        ({"RemoteUrl": ""}, NETWORK),
        ({"ProcessCommandLine": "a.exe -x", "FileName": "b.exe"}, PROCESS),
    ],
)
def test_a_query_may_leave_the_action_out(fields: dict[str, str], table: str) -> None:
    """Without the column ActionType the others tell a connection from a started process, as object and as table."""
    bare = BARE | fields
    written = LOG.made()
    assert written.claims(Line(",".join(bare))) == CERTAIN
    assert written.read(Line(",".join(bare))) is None
    by_row = written.read(Line(",".join(bare.values())))
    for event in (LOG.event(json.dumps(bare)), by_row):
        assert isinstance(event, Event)
        assert (event.table, event.action) == (table, None)
        assert (event.parent_path if table == PROCESS else event.process_path) == "a.exe"


@pytest.mark.parametrize(
    "row",
    [
        {name: value for name, value in BARE.items() if name != "RemoteUrl"},
        BARE | {"ActionType": "", "RemoteUrl": "fn.example.com"},
        {name: value for name, value in BARE.items() if not name.startswith("Initiating")},
    ],
)
def test_what_may_be_something_else_is_no_connection(row: dict[str, str]) -> None:
    """A logon's row, one whose action is there and empty, and one of which nobody knows the table give no event."""
    assert LOG.made().read(Line(json.dumps(row))) is None


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_values_are_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(row(**{"ActionType": kind, **fields}))


@given(
    st.sampled_from(KINDS),
    VALUES | st.dictionaries(st.sampled_from(["DnsQueryResult", "query", "host", "answers"]), VALUES),
)
def test_any_additional_fields_are_read_or_refused(kind: str, more: Any) -> None:
    """AdditionalFields may be an object or text, and hold anything."""
    LOG.reads_or_refuses(row(ActionType=kind, AdditionalFields=more))
    LOG.reads_or_refuses(row(ActionType=kind, AdditionalFields=json.dumps(more)))


@given(texts('{"ActionType":"ConnectionSuccess","DeviceId":'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)
