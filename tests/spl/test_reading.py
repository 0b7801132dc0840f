"""Searches over raw logs: which fields the lines have, and that reading less changes nothing."""

from pathlib import Path

import pytest

from sferic.model.settings import Settings
from sferic.spl.asking import literals
from sferic.spl.reading import read_events
from sferic.spl.running import Knowledge, Result, read, run_parsed

GOLDEN = Path(__file__).parents[1] / "golden" / "sources"


def search(text: str, *logs: str) -> Result:
    """Run a search over golden logs, named by source and case."""
    parsed = read(text)
    events = read_events([str(GOLDEN / log / "raw.log") for log in logs], parsed, Settings())
    return run_parsed(parsed, events.rows, Knowledge())


@pytest.mark.parametrize(
    ("log", "wanted"),
    [
        ("squid_access/key_value", {"sourcetype": "squid:access:recommended", "src_ip": "192.0.2.10", "user": "-"}),
        ("squid_access/native", {"sourcetype": "squid:access", "bytes_out": "15320", "status": "200"}),
        ("zscaler_nss_web/tab", {"sourcetype": "zscalernss-web", "ClientIP": "10.1.2.15", "bytes_out": "598"}),
        ("bluecoat_proxysg/w3c", {"sourcetype": "bluecoat:proxysg:access:file", "cs_bytes": "410", "bytes_in": "15320"}),
        ("bluecoat_proxysg/key_value", {"sourcetype": "bluecoat:proxysg:access:kv", "c_ip": "192.0.2.10"}),
        ("splunk_stream/http", {"sourcetype": "stream:http", "site": "build-7.account.workers.dev", "bytes_in": "577"}),
        ("panos_traffic/csv", {"sourcetype": "pan:traffic", "bytes_out": "2228", "bytes_in": "5084", "app": "ssl"}),
        ("panos_threat/csv", {"url": "sferic-test.example-account.workers.dev/api/poll?id=7", "log_subtype": "url"}),
        ("cisco_asa/connections", {"sourcetype": "cisco:asa", "src_ip": "10.1.0.5", "bytes": "5230"}),
        ("windows_sysmon/xml", {"EventCode": "1", "ParentImage": "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"}),
        ("windows_sysmon/json", {"EventCode": "22", "sourcetype": "XmlWinEventLog"}),
        ("aws_cloudtrail/records", {"eventName": "UpdateFunctionCode20150331v2", "userIdentity.userName": "ci-old"}),
    ],
)  # fmt: skip
def test_fields_have_the_names_of_the_add_ons(log: str, wanted: dict[str, str]) -> None:
    """Some event of the log has these fields with these values."""
    found = search("*", log).rows
    assert [row for row in found if all(row.get(name) == value for name, value in wanted.items())]


def test_urls_of_add_ons_without_a_scheme() -> None:
    """Zscaler's and Palo Alto's URLs have no scheme, Squid's CONNECT has none and a port."""
    [row] = search('url="*workers.dev:443" | head 1 | table url sourcetype', "squid_access/key_value").rows
    assert row["sourcetype"] == "squid:access:recommended"
    assert not search('url="http*" | table url', "zscaler_nss_web/tab", "panos_threat/csv").rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('url="*.workers.dev*" | stats count', [r"\.workers\.dev"]),
        ('index=x (url="*a.workers.dev:443" OR dest="*.run.app") | stats count', [r"a\.workers\.dev", r"\.run\.app"]),
        ('sourcetype=x url="*.workers.dev/api/*" | stats count', [r"\.workers\.dev"]),
        ('url="*.workers.dev*" OR status=200', []),
        ('NOT url="*.workers.dev*"', []),
        ('url!="*.workers.dev*"', []),
        ('url="*.workers.dev*" | append [search status=200]', []),
        ("url=*xn--abc.example*", []),
        ("* | where x=1", []),
    ],
)
def test_what_every_line_must_hold(text: str, expected: list[str]) -> None:
    """Lines are left out only where a piece of a host name must be in them."""
    assert literals(read(text)) == expected


def test_reading_less_changes_nothing() -> None:
    """A search whose lines are selected first gives what it gives over all lines."""
    logs = ("squid_access/key_value", "squid_access/native", "zscaler_nss_web/tab", "bluecoat_proxysg/w3c")
    tail = "| stats count dc(src_ip) as clients values(sourcetype) as types by url"
    less = search(f'url="*workers.dev*" {tail}', *logs)
    everything = search(f'NOT NOT url="*workers.dev*" {tail}', *logs)
    assert less.rows == everything.rows
    assert less.rows
