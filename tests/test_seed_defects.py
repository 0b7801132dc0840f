"""The published search this project began with, and its seventeen defects, each as logs on which ours does better.

Both sides run: the published search over the same raw logs with every field filled that a log holds (a favour no
stock add-on does it), and the analytics `activity` (the search repaired) and `beacon`.
The numbers are those of docs/explanation/the-published-search.md; 16 and 17 concern cloud audit logs, of which the page
only says what to expect.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from sferic.catalog.platforms import load_catalogue
from sferic.catalog.published_search import published_facts
from sferic.lab.records import Machine, Record, seeded
from sferic.lab.scenario import Site
from sferic.lab.writers import bluecoat, cisco, panos, squid, stream, zscaler
from sferic.model.finding import ActivityRow, Finding
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from tests.correlate.audit_logs import moment, trail, worker_deploy

SITE = Site(name="hq", format="squid_recommended", machines=1, network="10.0.0.0/24")
MIRA = Machine("pc1", "hq", "desktop", "mira", ("10.0.0.10",), "Mozilla/5.0", challenged=False)
NOBODY = replace(MIRA, user=None)
START_S = 1_772_438_700.0  # 2026-03-02 08:05:00 UTC
WORKER = "a.acct-lab.workers.dev"
LAMBDA = "abcdefghijklmnopqrstuvwxyz0abcde.lambda-url.us-east-1.on.aws"
LOW_SCORE = 40


def beat(count: int, sleep_s: float, jitter: float = 0.05, start_s: float = START_S) -> list[float]:
    """Return the times of a beacon: each pause is drawn anew around the sleep."""
    rng, now, times = seeded(count, sleep_s, start_s), start_s, []
    for _ in range(count):
        times.append(now)
        now += sleep_s * rng.uniform(1 - jitter, 1 + jitter)
    return times


def request(time_s: float, host: str = WORKER, machine: Machine = MIRA, up: int = 577, down: int = 396) -> Record:
    """Return one small request as a proxy that looks into TLS sees it."""
    return Record(
        start_s=time_s, end_s=time_s + 0.2, machine=machine, src_ip=machine.addresses[0], src_port=50_000,
        dst_ip="198.51.100.10", host=host, scheme="https", method="POST", path="/api/v1", user_agent="agent/1",
        status=200, bytes_up=up, bytes_down=down,
    )  # fmt: skip


def tunnel(time_s: float, host: str = WORKER) -> Record:
    """Return the same as a proxy or firewall sees it that does not look inside."""
    return replace(request(time_s, host), method="CONNECT", path=None, user_agent=None)


BEACON = [request(time_s) for time_s in beat(72, 300)]

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write lines as a log file of the given name into the folder that is hunted, and return the folder."""

    def written(lines: Iterable[str], name: str = "proxy.log") -> str:
        folder = tmp_path / "logs"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(folder)

    return written


def squid_log(records: Iterable[Record]) -> list[str]:
    """Return the records as Squid lines with bytes of both directions, in the order of their ends."""
    return squid.recommended(sorted(records, key=lambda record: record.end_s), SITE)


def run(folder: str, analytic: str, **settings: object) -> Report:
    """Hunt for one analytic and insist that the logs were read."""
    report = hunt([folder], structs.replace(Settings(analytics=(analytic,)), **settings))
    assert not [f for f in report.account.files if f.problem or f.rejected]
    return report


def published(folder: str, **settings: object) -> tuple[ActivityRow, ...]:
    """Return the rows of the search as published, given every field that the logs hold."""
    return run(folder, "activity_as_published", assume_fields=True, **settings).activity


def repaired(folder: str, **settings: object) -> tuple[ActivityRow, ...]:
    """Return the rows of the repaired search."""
    return run(folder, "activity", **settings).activity


def beacons(folder: str, **settings: object) -> list[Finding]:
    """Return the beacons worth a look."""
    return [f for f in run(folder, "beacon", **settings).findings if f.score >= LOW_SCORE]


def test_the_plain_case_is_found_by_all(write: Write) -> None:
    """One beacon every five minutes for six hours with every field is what the published search can find."""
    folder = write(squid_log(BEACON))
    assert [(r.connection_count, r.hourly_buckets, r.destinations) for r in published(folder)] == [(72, 7, (WORKER,))]
    assert [row[2:] for row in map(structs.astuple, published(folder))] == [
        row[2:] for row in map(structs.astuple, repaired(folder))
    ]
    assert [f.hosts for f in beacons(folder)] == [(WORKER,)]


def test_defect_01_lambda_function_urls(write: Write) -> None:
    """The published search looks for Lambda URLs under a name that does not exist; ours finds the real one."""
    folder = write(squid_log(replace(r, host=LAMBDA) for r in BEACON))
    assert published(folder) == ()
    assert [r.destinations for r in repaired(folder)] == [(LAMBDA,)]
    assert [f.platform for f in beacons(folder)] == ["aws-lambda-url"]


@pytest.mark.parametrize(
    "host",
    [
        "notworkers.dev",
        "x.workers.dev.evil.example",
        "foo.run.app.evil.example",
        "supabase.community.example",
        "landingpages.dev",
        "api.deno.development.example",
    ],
)
def test_defect_02_names_that_only_look_alike(write: Write, host: str) -> None:
    """The published search matches anywhere in a name; ours on label borders, so a look-alike is no platform."""
    folder = write(squid_log(replace(r, host=host) for r in BEACON))
    assert [r.destinations for r in published(folder)] == [(host,)]
    assert repaired(folder) == ()
    assert beacons(folder) == []


def test_defect_03_the_other_platforms(write: Write) -> None:
    """Thirteen name fragments miss most platforms; ours finds a beacon to every one that is hunted by default."""
    fragments = [f.split("*")[0] for f in published_facts().fragments]
    platforms = [p for p in load_catalogue().platforms.values() if p.is_hunted and p.examples]
    hosts = [p.examples[0].host for p in platforms]
    missed = [h for h in hosts if not any(f in h for f in fragments)]
    assert len(missed) > 2 * (len(hosts) - len(missed))
    machines = [replace(MIRA, addresses=(f"10.0.1.{n}",), user=f"user{n}") for n in range(len(missed))]
    times = beat(24, 600)
    folder = write(squid_log(request(t, h, m) for h, m in zip(missed, machines, strict=True) for t in times))
    assert published(folder) == ()
    assert {r.destinations[0] for r in repaired(folder)} == set(missed)


def test_defect_04_own_domains(write: Write, tmp_path: Path) -> None:
    """No list of suffixes knows a customer's own domain; a user who does can say so in a file."""
    own = tmp_path / "own.toml"
    own.write_text('[[domain]]\nhost = "sync.corp.example"\nplatform = "cloudflare-workers"\ntenant = "acct-lab"\n')
    folder = write(squid_log(replace(r, host="sync.corp.example") for r in BEACON))
    assert published(folder) == ()
    assert repaired(folder) == ()
    assert [r.destinations for r in repaired(folder, platform_files=(str(own),))] == [("sync.corp.example",)]
    assert [f.tenant for f in beacons(folder, platform_files=(str(own),))] == ["acct-lab"]


def test_defect_05_logs_without_a_user(write: Write) -> None:
    """A row that lacks one of three by-fields vanishes from the published search; ours calls the user unknown."""
    folder = write(stream.http([replace(r, machine=NOBODY) for r in BEACON], SITE))
    report = run(folder, "activity_as_published", assume_fields=True)
    assert report.activity == ()
    assert report.activity_notes == ("splunk_stream: 72 events of a matching name dropped: no cs_username.",)
    assert [(r.src_ip, r.cs_username, r.connection_count) for r in repaired(folder)] == [("10.0.0.10", "", 72)]
    assert [f.user for f in beacons(folder)] == [None]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (bluecoat.elff(BEACON, SITE), "no src_ip."),
        (squid_log(BEACON), "no cs_username, c_ip."),
        (zscaler.web(BEACON, SITE), "no cs_username, c_ip."),
        (stream.http(BEACON, SITE), "no cs_username, c_ip."),
        (panos.threat_url(BEACON, SITE), "no cs_username, c_ip."),
    ],
    ids=["bluecoat", "squid", "zscaler", "stream", "panos"],
)
def test_defect_05_stock_fields(write: Write, lines: list[str], why: str) -> None:
    """With the fields that stock add-ons extract, the published search finds nothing in any log it names."""
    folder = write(lines)
    report = run(folder, "activity_as_published")
    assert report.activity == ()
    assert [note.endswith(why) for note in report.activity_notes] == [True]
    assert [r.connection_count for r in repaired(folder)] == [72]


def test_defect_06_byte_names(write: Write) -> None:
    """PAN-OS has the bytes in one log and the name in the other: a sum of nothing hides the beacon, ours joins them."""
    sessions = [tunnel(r.start_s) for r in BEACON]
    write(panos.threat_url(sessions, SITE), "url.log")
    folder = write(panos.traffic(sessions, SITE), "traffic.log")
    report = run(folder, "activity_as_published", assume_fields=True)
    assert report.activity == ()
    assert report.activity_notes[0] == "1 busy group dropped: no bytes known, sent or received."
    [row] = repaired(folder)
    assert (row.connection_count, row.avg_bytes_sent_per_conn, row.avg_bytes_recv_per_conn) == (72, 577, 396)
    assert [f.tenant for f in beacons(folder)] == ["acct-lab"]


def test_defect_06_uploads_that_are_not_logged(write: Write) -> None:
    """Squid's own format has no upload sizes: unknown is not small to the published search, and not large to ours."""
    folder = write(squid.native(BEACON, SITE))
    assert published(folder) == ()
    [row] = repaired(folder)
    assert (row.avg_bytes_sent_per_conn, row.avg_bytes_recv_per_conn) == (None, 396)
    assert len(beacons(folder)) == 1


def test_defect_07_firewalls_without_names(write: Write) -> None:
    """An ASA logs addresses only, so the published search cannot match it; ours takes the names from DNS logs."""
    sessions = [replace(tunnel(r.start_s), looked_up=True, machine=NOBODY) for r in BEACON]
    write(stream.dns(sessions, SITE), "dns.log")
    folder = write(cisco.asa(sessions, SITE), "asa.log")
    report = run(folder, "activity_as_published", assume_fields=True)
    assert report.activity == ()
    assert report.activity_notes[0].startswith("1 file holds connections without a host name")
    [row] = repaired(folder)
    assert (row.connection_count, row.destinations) == (72, (WORKER,))
    assert (row.avg_bytes_sent_per_conn, row.avg_bytes_recv_per_conn) == (None, None)
    assert len(beacons(folder)) == 1


def test_defect_08_page_loads_hide_a_beacon(write: Write) -> None:
    """Ten big page loads from another tenant lift the published search's average; ours counts each tenant alone."""
    pages = [request(START_S + n * 900, "shop-lab.vercel.app", down=2_000_000) for n in range(10)]
    folder = write(squid_log([*BEACON, *pages]))
    assert published(folder) == ()
    assert [r.destinations for r in repaired(folder)] == [(WORKER,)]
    assert [f.hosts for f in beacons(folder)] == [(WORKER,)]


def test_defect_08_heartbeats_add_up(write: Write) -> None:
    """Two harmless heartbeats too rare to count become one alert of the published search; ours never adds them."""
    one = [request(t, "status-lab.vercel.app") for t in beat(7, 1700)]
    other = [request(t, "flags-lab.netlify.app") for t in beat(7, 1700, start_s=START_S + 400)]
    folder = write(squid_log([*one, *other]))
    assert [(r.connection_count, len(r.destinations)) for r in published(folder)] == [(14, 2)]
    assert repaired(folder) == ()
    assert not [f for f in run(folder, "beacon", min_score=0).findings if len(f.hosts) > 1]


def test_defect_09_one_big_result(write: Write) -> None:
    """One task result of a megabyte lifts the mean over the limit; the median does not move."""
    folder = write(squid_log([*BEACON[:40], replace(BEACON[40], bytes_up=1_000_000), *BEACON[41:]]))
    assert published(folder) == ()
    [row] = repaired(folder)
    assert (row.connection_count, row.avg_bytes_sent_per_conn) == (72, 14_458)
    assert [f.hosts for f in beacons(folder)] == [(WORKER,)]


def test_defect_10_a_person_is_no_beacon(write: Write) -> None:
    """People reading a small site now and then alarm both activity counters; the beacon analytic stays silent."""
    rng = seeded("people")
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
    visits = [
        replace(
            request(START_S + rng.uniform(0, 6 * 3600), "docs-lab.pages.dev", reader, down=rng.randint(300, 9000)),
            method="GET", path=rng.choice(["/", "/guide", "/faq", "/style.css"]), user_agent=agent,
        )
        for reader in (replace(MIRA, addresses=(f"10.0.1.{n}",), user=f"reader{n}") for n in range(8))
        for _ in range(40)
    ]  # fmt: skip
    folder = write(squid_log(visits))
    assert [r.connection_count for r in published(folder)] == [40] * 8
    assert [r.connection_count for r in repaired(folder)] == [40] * 8
    assert beacons(folder) == []


def test_defect_11_slow_beacons(write: Write) -> None:
    """An hourly beacon has one connection per active hour, so both counters refuse it; its rhythm gives it away."""
    folder = write(squid_log(request(t) for t in beat(48, 3600, jitter=0.02)))
    assert published(folder) == ()
    assert repaired(folder) == ()
    assert run(folder, "activity").activity_notes[0].startswith("1 channel busy in enough hours left out: made fewer")
    [found] = beacons(folder)
    assert found.interval is not None
    assert found.interval.median_s == pytest.approx(3600, rel=0.05)


@pytest.mark.parametrize(("count", "sleep_s"), [(90, 60), (15, 30)], ids=["90 minutes", "first published test"])
def test_defect_11_the_first_hours(write: Write, count: int, sleep_s: float) -> None:
    """Before three clock hours have begun both counters wait; the beacon is found within two hours, or minutes."""
    folder = write(squid_log(request(t) for t in beat(count, sleep_s)))
    assert published(folder) == ()
    assert repaired(folder) == ()
    assert [f.connections for f in beacons(folder)] == [count]


def test_defect_12_half_hour_zones(write: Write) -> None:
    """The analyst's zone decides what the published search finds; it changes nothing in ours."""
    three_hours = beat(14, 300, start_s=START_S + 3240)  # 08:59 to 10:04 UTC, 14:29 to 15:34 in Kolkata
    folder = write(squid_log(map(request, three_hours)))
    assert len(published(folder)) == 1
    assert published(folder, timezone="Asia/Kolkata") == ()
    assert repaired(folder) == repaired(folder, timezone="Asia/Kolkata")
    assert len(repaired(folder)) == 1
    india = beacons(folder, timezone="Asia/Kolkata")
    assert [f.connections for f in beacons(folder)] == [f.connections for f in india] == [14]


def test_defect_13_spelling_of_host_names(write: Write) -> None:
    """Upper case, ports and CONNECT make several names of one; the published search counts only the lower case."""
    shouting = [replace(tunnel(r.start_s), host=WORKER.upper()) for r in BEACON[::2]]
    folder = write(squid_log([*shouting, *BEACON[1::2]]))
    assert [r.connection_count for r in published(folder)] == [36]
    assert [(r.connection_count, r.destinations) for r in repaired(folder)] == [(72, (WORKER,))]
    [found] = beacons(folder)
    assert (found.connections, found.hosts) == (72, (WORKER,))


def test_defect_14_order_of_words(write: Write) -> None:
    """OR binds tighter than AND in a search: all four sourcetypes are read from both indexes, others from neither."""
    web = [replace(r, scheme="http") for r in BEACON]
    write(cisco.asa(web, SITE), "asa.log")
    folder = write(panos.threat_url(BEACON, SITE), "url.log")
    notes = run(folder, "activity_as_published").activity_notes
    assert notes[0] == "cisco_asa: 72 events of a matching name dropped: no cs_username, c_ip."
    assert notes[1].startswith(
        "panos_threat: 72 events of a matching name dropped: sourcetype pan:threat is not searched"
    )


def test_defect_15_sizes_are_optional(write: Write) -> None:
    """The published tests expect sizes in logs that have none; ours needs no size to find a channel and says so."""
    folder = write(panos.threat_url(BEACON, SITE))
    report = run(folder, "activity")
    assert [r.avg_bytes_sent_per_conn for r in report.activity] == [None]
    assert report.activity_notes[0].startswith("1 channel in the rows without any known size")
    assert len(beacons(folder)) == 1


def test_defect_16_a_deployment_is_no_word(write: Write) -> None:
    """The page expects `action.type=deploy` of a Worker's deployment; no entry has it, and ours knows the request."""
    lines = [line for day in range(6) for line in worker_deploy(moment(day), email="ci@corp.example", ip="203.0.113.9")]
    folder = write([*lines, *worker_deploy(moment(6))], "audit.json")
    assert not [line for line in lines if json.loads(line)["action"]["type"] == "deploy"]
    found = run(folder, "cloud_change").findings
    assert [(f.severity, f.actor, f.function) for f in found] == [("medium", "dev@corp.example", "api-sync")]


def test_defect_17_names_of_operations(write: Write) -> None:
    """The page expects `ListFunctions` and `InvokeFunction`; CloudTrail writes other names, which ours knows."""
    calls = [trail("ListFunctions20150331", moment(0)), trail("Invoke", moment(0, 2), asked={"functionName": "resize"})]
    folder = write(calls, "trail.json")
    assert not {"ListFunctions", "InvokeFunction"} & {json.loads(line)["eventName"] for line in calls}
    assert [(f.severity, f.user) for f in run(folder, "cloud_change").findings] == [("low", "dev")]
