"""The rules of Sysmon's events that the golden cases of `windows_sysmon` and `sysmon_linux` do not show."""

import json
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line
from sferic.sources import sysmon_linux, windows_sysmon
from sferic.sources._contract import CERTAIN, NO
from sferic.sources._sysmon import MAX_DATA, from_xml
from tests.sources.single_lines import VALUES, Log, texts

LOG, LINUX = Log(windows_sysmon.Reader), Log(sysmon_linux.Reader)
SYSTEM = "<System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>{}</EventID><Computer>ws-1</Computer></System>"
BASE = {"UtcTime": "2026-03-02 10:00:00.118", "ProcessGuid": "{0A}", "ProcessId": "7", "Image": "C:\\a.exe"}
NAMES = sorted({*BASE, "QueryName", "QueryResults", "QueryStatus", "DestinationIp", "SourcePort", "Initiated", "User"})


def xml(number: int, **data: str) -> str:
    """Write an event; the values stand in it as they are."""
    pairs = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in {**BASE, **data}.items())
    return f"<Event xmlns='x'>{SYSTEM.format(number)}<EventData>{pairs}</EventData></Event>"


def as_json(number: int, **data: Any) -> str:
    """Write an event as Winlogbeat does."""
    winlog = {"provider_name": "Microsoft-Windows-Sysmon", "event_id": number, "event_data": {**BASE, **data}}
    return json.dumps({"winlog": winlog})


@pytest.mark.parametrize(
    ("results", "answers"),
    [
        ("::ffff:203.0.113.9;", ("203.0.113.9",)),
        (
            "type:  5 a.example.net;type: 5 b.example.net;2001:db8::9;",
            ("a.example.net", "b.example.net", "2001:db8::9"),
        ),
        ("type:5 a.example.net;", ("a.example.net",)),
        ("type:  2 ns.example.net;type:  16 some text here;", None),
        ("-", None),
        ("", None),
        (";" * 10_000, None),
        ("fn.example.com;203.0.113.9", ("203.0.113.9",)),
    ],
)
def test_answers_are_addresses_and_aliases(results: str, answers: tuple[str, ...] | None) -> None:
    """Addresses lose their IPv4 mapping, aliases their type; other records and the name itself are no answers."""
    assert LOG.event(as_json(22, QueryName="fn.example.com", QueryResults=results)).answers == answers


def test_utc_time_is_utc_wherever_the_log_was_written() -> None:
    """`UtcTime` has no zone and needs none."""
    found = LOG.made(timezone(timedelta(hours=9))).read(Line(xml(3, DestinationIp="203.0.113.9")))
    assert isinstance(found, Event)
    assert found.time == 1_772_445_600_118_000


def test_a_reverse_name_is_marked() -> None:
    """The name in a connection comes from a reverse look-up; an address in its place is no name."""
    found = LOG.event(xml(3, DestinationIp="203.0.113.9", DestinationHostname="edge.example.net"))
    assert (found.dst_host, found.host_source) == ("edge.example.net", "reverse")
    assert LOG.event(xml(3, DestinationIp="203.0.113.9", DestinationHostname="203.0.113.9")).dst_host is None


def test_what_sysmon_does_not_know_is_unknown() -> None:
    """A process that had ended has neither a path nor a name of its own, lest all such be taken for one."""
    nobody = {"Image": "<unknown process>", "ProcessGuid": "{00000000-0000-0000-0000-000000000000}"}
    found = LOG.event(as_json(22, QueryName="fn.example.com", **nobody))
    assert (found.process_path, found.process_guid, found.process_id) == (None, None, 7)


@pytest.mark.parametrize(
    "hostile",
    [
        "<!DOCTYPE x [<!ENTITY a 'b'>]>" + xml(3, DestinationIp="&a;"),
        xml(3).replace("<System>", "<!DOCTYPE x [<!ENTITY a 'b'>]><System>"),
        xml(3, DestinationIp="&a;"),
        xml(3).replace("<System>", "<!-- x --><System>"),
        xml(3).replace("</System>", ""),
        xml(3, DestinationIp="\x00"),
        "<Event " + "<a>" * 200_000 + "</Event>",
    ],
)
def test_xml_defines_nothing(hostile: str) -> None:
    """A document type, an entity, a comment or broken XML makes the line a reject, however deep it goes."""
    with pytest.raises(ValueError, match=r"XML|document type"):
        from_xml(hostile)


def test_xml_has_a_bounded_number_of_fields() -> None:
    """An event with a million fields costs what a hundred do."""
    many = "".join(f"<Data Name='x{n}'>1</Data>" for n in range(1000))
    assert len(from_xml(f"<Event>{SYSTEM.format(1)}{many}</Event>").data) == MAX_DATA


def test_cdata_is_text() -> None:
    """A value in a CDATA section is that value."""
    assert LOG.event(xml(1, CommandLine="<![CDATA[a <b> & c]]>")).command_line == "a <b> & c"


@pytest.mark.parametrize(
    ("line", "windows", "linux"),
    [
        (xml(3), CERTAIN, NO),
        (xml(3).replace("Microsoft-Windows-Sysmon", "Linux-Sysmon"), NO, CERTAIN),
        (xml(3).replace("Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing"), NO, NO),
        (as_json(3), CERTAIN, NO),
        ('{"winlog":{"provider_name":"Microsoft-Windows-Security-Auditing","event_data":{"ProcessId":"1"}}}', NO, NO),
        ("GET /Microsoft-Windows-Sysmon", NO, NO),
    ],
)
def test_claims_only_sysmon(line: str, windows: int, linux: int) -> None:
    """Each source claims its own system's events and nobody else's."""
    assert LOG.made().claims(Line(line)) == windows
    assert LINUX.made().claims(Line(line)) == linux


@given(st.sampled_from([1, 3, 22, "3", 5, None]), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_values_are_read_or_refused(number: Any, fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(as_json(number, **fields))


@given(st.sampled_from([1, 3, 22]), st.sampled_from(NAMES), st.text(max_size=40))
def test_xml_and_json_say_the_same(number: int, name: str, value: str) -> None:
    """A value that XML can carry is read as the same value in JSON, event or reject."""
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    written = xml(number, **{name: escaped})
    try:
        entry = from_xml(written)
    except ValueError:
        return
    if entry.data.get(name) != value:  # XML makes a line feed of a carriage return
        return
    reader = LOG.made()
    assert _said(reader, written) == _said(reader, as_json(number, **{name: value}))


def _said(reader: Any, line: str) -> Any:
    try:
        found = reader.read(Line(line, sender="ws-1"))
    except ValueError as error:
        return str(error)
    return found


@given(texts("<Event><System><Provider Name='Microsoft-Windows-Sysmon'/>"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)
    LINUX.reads_or_refuses(text)
