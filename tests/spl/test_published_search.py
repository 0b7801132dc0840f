"""The published search that Sferic began with, told anew command by command, on the fields each stock add-on gives."""

import pytest

from sferic.catalog.published_search import published_facts
from sferic.spl import run
from sferic.spl.bench import Row

START_S = 1_772_438_700.0
NAMES = "|".join(e.replace("*", "[a-z0-9-]+") for e in published_facts().expressions())
SEARCH = f"""
index=proxy OR index=network sourcetype=proxy OR sourcetype="stream:http" OR sourcetype="pan:traffic"
    OR sourcetype="cisco:asa"
| eval dest_domain=if(isnotnull(cs_host), cs_host, if(isnotnull(url), replace(url, "https?://([^/]+).*", "\\1"), null()))
| where match(dest_domain, "({NAMES})")
| eval hour=strftime(_time, "%Y-%m-%d %H")
| stats count as connection_count, dc(hour) as hours, sum(sc_bytes) as received, sum(cs_bytes) as sent,
    earliest(_time) as first_seen, latest(_time) as last_seen, values(dest_domain) as destinations
    by src_ip, cs_username, c_ip
| where connection_count >= 12 AND hours >= 3
| eval per_hour=round(connection_count / hours, 1), up=round(sent / connection_count, 0)
| eval down=round(received / connection_count, 0)
| eval likely=if(up < 4096 AND down < 16384 AND per_hour >= 2, 1, 0)
| where likely=1
| eval first_seen=strftime(first_seen, "%Y-%m-%d %H:%M:%S"), last_seen=strftime(last_seen, "%Y-%m-%d %H:%M:%S")
| table first_seen, last_seen, src_ip, cs_username, destinations, connection_count, hours, per_hour, up, down, likely
| sort - connection_count
"""
WORKER = "a.workers.dev"
IMAGINARY = {
    "sourcetype": "stream:http", "src_ip": "10.0.0.1", "c_ip": "10.0.0.1", "cs_username": "mira", "cs_host": WORKER,
    "sc_bytes": "396", "cs_bytes": "577",
}  # fmt: skip


def beat(fields: dict[str, str], count: int = 72, step_s: float = 300) -> list[Row]:
    """Give events with these fields at equal steps."""
    return [{"_time": START_S + n * step_s, **fields} for n in range(count)]


def without(*names: str) -> dict[str, str]:
    """Give the imaginary source's fields but for some."""
    return {name: value for name, value in IMAGINARY.items() if name not in names}


CASES: list[tuple[str, list[Row], int]] = [
    ("blue-coat", beat(without("src_ip") | {"sourcetype": "bluecoat:proxysg:access:file"}), 0),
    ("blue-coat-read", beat(without("src_ip")), 0),
    ("squid", beat({"sourcetype": "squid:access:recommended", "src_ip": "10.0.0.1", "url": f"{WORKER}:443"}), 0),
    ("zscaler", beat({"sourcetype": "zscalernss-web", "src_ip": "10.0.0.1", "url": f"{WORKER}/p"}), 0),
    ("stream", beat({"sourcetype": "stream:http", "src_ip": "10.0.0.1", "url": f"http://{WORKER}/p"}), 0),
    ("pan", beat({"sourcetype": "pan:traffic", "src_ip": "10.0.0.1", "bytes_in": "396", "bytes_out": "577"}), 0),
    ("asa", beat({"sourcetype": "cisco:asa", "src_ip": "10.0.0.1", "bytes": "973"}), 0),
    ("asa-304001", beat({"sourcetype": "cisco:asa", "src_ip": "10.0.0.1", "url": f"http://{WORKER}/p"}), 0),
    ("imaginary", beat(IMAGINARY), 1),
    ("hourly", beat(IMAGINARY, 48, 3600), 0),
    ("no-user", beat(without("cs_username")), 0),
    (
        "big-pages-beside",
        [*beat(IMAGINARY), *beat(IMAGINARY | {"cs_host": "shop.vercel.app", "sc_bytes": "2000000"}, 10)],
        0,
    ),
    ("lambda-url", beat(IMAGINARY | {"cs_host": "abc.lambda-url.us-east-1.on.aws"}), 0),
    ("look-alike", beat(IMAGINARY | {"cs_host": "foo.run.app.evil.example"}), 1),
    ("a-person", beat(IMAGINARY | {"cs_host": "docs.pages.dev"}, 40, 431), 1),
]


@pytest.mark.parametrize(("rows", "alerts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_published_search_finds_what_its_emulation_says(rows: list[Row], alerts: int) -> None:
    """With stock add-ons it is silent on every log it names, and fires on look-alikes and people."""
    assert len(run(SEARCH, rows).rows) == alerts


def test_its_one_true_row() -> None:
    """On a source with all its fields it gives the published columns."""
    [row] = run(SEARCH, beat(IMAGINARY)).rows
    assert row == {
        "first_seen": "2026-03-02 08:05:00", "last_seen": "2026-03-02 14:00:00", "src_ip": "10.0.0.1",
        "cs_username": "mira", "destinations": [WORKER], "connection_count": 72, "hours": 7, "per_hour": 10.3,
        "up": 577, "down": 396, "likely": 1,
    }  # fmt: skip
