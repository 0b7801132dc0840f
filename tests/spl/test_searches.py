"""A hundred and some detection searches over the logs that Sferic reads: each parses, runs, and finds what it found.

How many rows each gives stands in `searches/rows.toml`; whoever changes a number says why.
"""

import tomllib
from pathlib import Path

import pytest

from sferic.model.settings import Settings
from sferic.spl.bench import Lookup, Row
from sferic.spl.macros import Macro
from sferic.spl.reading import read_events
from sferic.spl.running import Knowledge, read, run_parsed

FOLDER = Path(__file__).parent / "searches"
GOLDEN = Path(__file__).parents[1] / "golden" / "sources"
LOGS = (
    "squid_access/native", "squid_access/key_value", "zscaler_nss_web/tab", "bluecoat_proxysg/w3c",
    "bluecoat_proxysg/key_value", "splunk_stream/http", "splunk_stream/flows_and_dns", "panos_traffic/csv",
    "panos_threat/csv", "cisco_asa/connections", "windows_sysmon/xml", "aws_cloudtrail/records",
    "cloudflare_audit/both_versions",
)  # fmt: skip
EXPECTED: dict[str, int] = tomllib.loads((FOLDER / "rows.toml").read_text())
KNOWLEDGE = Knowledge(
    macros={
        "proxies": Macro('(sourcetype="squid*" OR sourcetype="zscalernss-web")'),
        "calls_to(2)": Macro("`proxies` url=*$name$* | stats count by src | where count >= $least$", ("name", "least")),
    },
    lookups={
        "platforms": Lookup(
            [
                {"host": "*.workers.dev", "platform": "cloudflare-workers"},
                {"host": "*.pages.dev", "platform": "cloudflare-pages"},
                {"host": "*.on.aws", "platform": "aws-lambda-url"},
            ],
            {"host": "WILDCARD"},
            case_sensitive=False,
        ),
        "networks": Lookup([{"network": "10.0.0.0/8", "site": "inside"}], {"network": "CIDR"}, default="elsewhere"),
    },
)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Read golden logs, and a Squid log in which one client calls a function every five minutes."""
    beacon = tmp_path_factory.mktemp("logs") / "access.log"
    lines = [_line(1_772_438_700 + n * 300 + n % 7, "10.9.0.10", "a.acct-lab.workers.dev", 396) for n in range(72)]
    lines += [_line(1_772_438_700 + n * n * 40, f"10.9.0.{20 + n % 5}", f"w{n % 9}.example.com", 900 * n) for n in range(20)]
    beacon.write_text("".join(lines))
    logs = [str(GOLDEN / log / "raw.log") for log in LOGS]
    return list(read_events([*logs, str(beacon)], read("*"), Settings()).rows)


def _line(time_s: int, client: str, host: str, size: int) -> str:
    return f"{time_s}.250     57 {client} TCP_TUNNEL/200 {size} CONNECT {host}:443 - HIER_DIRECT/192.0.2.10 -\n"


def test_there_are_a_hundred() -> None:
    """Every search has its number of rows, and there are at least a hundred."""
    assert {path.stem for path in FOLDER.glob("*.spl")} == EXPECTED.keys()
    assert len(EXPECTED) >= 100
    assert sum(count > 0 for count in EXPECTED.values()) >= 90


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_detection_search_runs(name: str, events: list[Row]) -> None:
    """The search gives as many rows as it should."""
    search = read((FOLDER / f"{name}.spl").read_text(), KNOWLEDGE)
    assert len(run_parsed(search, events, KNOWLEDGE).rows) == EXPECTED[name]
