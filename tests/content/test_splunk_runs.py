"""The exported SPL runs under Sferic's own interpreter: fields of each sourcetype, each search with its twins, the estate.

It is not Splunk; what the interpreter takes for granted stands in its own page.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from prove import splunk as running
from prove.estate import Estate
from sferic.content._contract import Content, texts
from sferic.content._spl import Search, drilldowns, searches
from sferic.spl.running import Knowledge
from tests.content.conftest import EXAMPLE

HOST = "fn.lab-account.workers.dev"
Row = dict[str, object]


@pytest.fixture(scope="module")
def known(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The app's macros and lookups, with an own function and an exception filled in."""
    made = tmp_path_factory.mktemp("app")
    app = running.app(texts("splunk", content), made)
    own = {"sferic_own_functions": {"host": "own.lambda-url.eu-west-1.on.aws", "function_name": "pay"}}
    own["sferic_allowed"] = {"src": "10.9.*", "dest_host": "*.lab-account.workers.dev", "reason": "a test"}
    lookups = {name: type(one)([own.get(name, {}), *one.rows], one.match, one.case_sensitive, one.max_matches)
               if name in own else one for name, one in app.lookups.items()}  # fmt: skip
    return Knowledge(app.macros, lookups)


@pytest.fixture(scope="module")
def spl(content: Content) -> dict[str, str]:
    """Every search by its name."""
    return {search.name: search.spl for search in searches(content)}


SOURCETYPES: dict[str, Row] = {
    "bluecoat:proxysg:access:file": {"c_ip": "10.0.0.1", "cs_host": HOST, "cs_bytes": "300", "sc_bytes": "500"},
    "squid:access:recommended": {
        "src_ip": "10.0.0.1", "url": f"https://{HOST}/x?u=a.run.app", "bytes_in": "300", "bytes_out": "500",
    },
    "zscalernss-web": {
        "src_ip": "10.0.0.1", "url": f"{HOST}/x", "hostname": HOST, "requestsize": "300", "responsesize": "500",
    },
    "stream:http": {"src_ip": "10.0.0.1", "site": f"{HOST.upper()}:443", "bytes_in": "300", "bytes_out": "500"},
    "pan:threat": {
        "src_ip": "10.0.0.1", "misc": f"{HOST}/", "bytes_in": "500", "bytes_out": "300",
    },
    "squid:access": {"src_ip": "10.0.0.1", "url": f"{HOST}:443", "bytes_in": "300", "bytes_out": "500"},
}  # fmt: skip


@pytest.mark.parametrize("sourcetype", SOURCETYPES)
def test_fields(sourcetype: str, known: Knowledge) -> None:
    """Each sourcetype gives the same client, host and platform, and bytes in the same direction."""
    row = {"_time": 1.0, "sourcetype": sourcetype} | SOURCETYPES[sourcetype]
    (found,) = running.over_rows("`sferic_web_logs` | `sferic_web_fields`", [row], known)
    assert (found["src"], found["dest_host"], found["platform"]) == ("10.0.0.1", HOST, "cloudflare-workers")
    assert found["bytes_down"] == 500
    assert found.get("bytes_up") in ({300, None} if sourcetype == "squid:access" else {300})


@pytest.mark.parametrize("host", ["x.run.app.evil.example", "notworkers.dev", "market.alicloudapi.com", "www.example"])
def test_other_hosts(host: str, known: Knowledge) -> None:
    """A look-alike and a vendor's own name are left out, and so is a proxy's challenge."""
    rows = [visit(1.0, host=host), visit(1.0) | {"status": "407"}]
    assert not running.over_rows("`sferic_web_logs` | `sferic_web_fields`", rows, known)


def visit(minute: float, client: str = "10.0.0.1", host: str = HOST, size: int = 500) -> Row:
    """Make one event of Splunk Stream."""
    return {"_time": 1_700_000_000 + minute * 60, "sourcetype": "stream:http", "src_ip": client, "site": host,
            "bytes_in": "300", "bytes_out": str(size), "user": "u"}  # fmt: skip


def even(client: str = "10.0.0.1", host: str = HOST, size: int = 500) -> list[Row]:
    """Make thirty visits at even distances."""
    return [visit(20.0 * number, client, host, size) for number in range(30)]


def odd(client: str) -> list[Row]:
    """Make thirty visits at growing distances."""
    return [visit(1.5 * number * number, client, "page.pages.dev") for number in range(30)]


def fleet() -> list[Row]:
    """Make an agent on six machines."""
    return [row for number in range(6) for row in even(f"10.0.1.{number}", "agent.lab.workers.dev")]


def test_beacon(spl: dict[str, str], known: Knowledge) -> None:
    """Even gaps of one client fire; growing gaps, a fleet, large answers and what is allowed do not."""
    rows = [*even(), *odd("10.0.0.2"), *fleet(), *even("10.0.0.3", "big.pages.dev", 90_000)]
    found = running.over_rows(spl["beacon"], rows, known)
    assert [(row["src"], row["owner"], row["median_s"]) for row in found] == [
        ("10.0.0.1", "lab-account.workers.dev", 1200)
    ]


def test_beacon_over_hosts_of_one_account(spl: dict[str, str], known: Knowledge) -> None:
    """An account whose functions are called in turn is one beacon."""
    rows = [visit(20.0 * number, host=f"fn{number * 7 % 3}.one.workers.dev") for number in range(30)]
    (found,) = running.over_rows(spl["beacon"], rows, known)
    assert found["dest_host"] == ["fn0.one.workers.dev", "fn1.one.workers.dev", "fn2.one.workers.dev"]


def test_candidate(spl: dict[str, str], known: Knowledge) -> None:
    """Candidates are those with many small requests, even or not; what is allowed by a pattern is left out."""
    rows = [*even(), *odd("10.0.0.2"), *even("10.9.0.1"), *even("10.0.0.3", "big.pages.dev", 90_000)]
    found = running.pairs(running.over_rows(spl["candidate"], rows, known))
    assert found == {("10.0.0.1", HOST), ("10.0.0.2", "page.pages.dev")}


def modelled(minute: float, sourcetype: str, client: str, host: str = HOST) -> Row:
    """Make one event with fields as the data model Web names them."""
    return {"_time": 1_700_000_000 + minute * 60, "sourcetype": sourcetype, "src": client, "url_domain": host,
            "bytes_in": "300", "bytes_out": "500", "user": "u"}  # fmt: skip


def test_the_data_model(spl: dict[str, str], known: Knowledge) -> None:
    """The data model gives the same beacons and candidates, with bytes turned round where an add-on says them so."""
    rows = [modelled(20.0 * n, "squid:access", "10.0.0.1") for n in range(30)]
    rows += [modelled(1.5 * n * n, "zscalernss-web", "10.0.0.2", "page.pages.dev") for n in range(30)]
    rows += [modelled(20.0 * n, "squid:access", "10.0.0.3", "www.example") for n in range(30)]
    rows += [modelled(20.0 * n, "squid:access", "10.0.0.4") | {"status": "407"} for n in range(30)]
    assert running.pairs(running.over_rows(spl["beacon_cim"], rows, known)) == {("10.0.0.1", HOST)}
    assert running.pairs(running.over_rows(spl["candidate_cim"], rows, known)) == {
        ("10.0.0.1", HOST), ("10.0.0.2", "page.pages.dev"),
    }  # fmt: skip
    seconds = running.over_rows("| `sferic_cim_logs`", rows, known)
    assert {(row["src"], row["bytes_up"], row["bytes_down"]) for row in seconds} == {
        ("10.0.0.1", 300, 500), ("10.0.0.2", 500, 300),
    }  # fmt: skip


def test_an_exception_ends_on_its_day(spl: dict[str, str], known: Knowledge) -> None:
    """What is allowed until a day fires again behind it."""
    ends = {day: entry_until(known, day) for day in ("2023-11-20", "2023-11-10")}
    assert not running.over_rows(spl["candidate"], even(), ends["2023-11-20"])
    assert running.over_rows(spl["candidate"], even(), ends["2023-11-10"])


def entry_until(known: Knowledge, day: str) -> Knowledge:
    """Allow the host until a day."""
    one = known.lookups["sferic_allowed"]
    entry = {"src": "*", "dest_host": HOST, "reason": "a test", "expires": day}
    allowed = type(one)([entry], one.match, one.case_sensitive, one.max_matches)
    return Knowledge(known.macros, {**known.lookups, "sferic_allowed": allowed})


@pytest.mark.parametrize("name", ["beacon", "beacon_cim"])
def test_drilldowns(name: str, content: Content, known: Knowledge) -> None:
    """From an alert the first search gives that alert alone again, the second what its client did."""
    (search,) = [one for one in searches(content) if one.name == name]
    rows = [*even(), *even("10.0.0.2", "other.two-account.workers.dev")]
    rows = [row | {"src": row["src_ip"], "url_domain": row["site"], "_raw": f"src_ip={row['src_ip']}"} for row in rows]
    again, events = (filled_in(one["search"], search) for one in drilldowns(search, search.spl))
    assert running.pairs(running.over_rows(again, rows, known)) == {("10.0.0.1", HOST)}
    assert len(running.over_rows(events, rows, known)) == 30


def filled_in(text: str, search: Search) -> str:
    """Put an alert's values where Splunk puts them."""
    values = dict(zip(search.shown, ("10.0.0.1", "lab-account.workers.dev"), strict=True))
    for field, value in values.items():
        text = text.replace(f"${field}$", value)
    return text


def test_long_connection(spl: dict[str, str], known: Knowledge) -> None:
    """Three quiet hours fire; three hours of a stream, and a short one, do not."""
    rows = [
        visit(0, client) | {"time_taken": str(int(hours * 3600e6)), "bytes_out": str(size)}
        for client, hours, size in (("10.0.0.1", 3, 9000), ("10.0.0.2", 3, 90_000_000), ("10.0.0.3", 1, 9000))
    ]
    assert [row["src"] for row in running.over_rows(spl["long_connection"], rows, known)] == ["10.0.0.1"]


def test_process(spl: dict[str, str], known: Knowledge) -> None:
    """A program that calls three times fires; a browser, a fleet's agent and two calls do not."""

    def calls(machine: str, image: str, count: int) -> Iterable[Row]:
        for number in range(count):
            yield {
                "_time": 1.0 + number, "source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",
                "EventCode": "3", "Computer": machine, "Image": image, "DestinationHostname": HOST, "User": "u",
            }  # fmt: skip

    rows = [*calls("pc1", "C:\\Users\\u\\Sync.exe", 3), *calls("pc1", "C:\\Apps\\chrome.exe", 3),
            *calls("pc2", "C:\\Users\\u\\two.exe", 2)]  # fmt: skip
    rows += [row for number in range(4) for row in calls(f"pc{number}", "C:\\Apps\\agent.exe", 3)]
    assert [row["program"] for row in running.over_rows(spl["process"], rows, known)] == ["sync.exe"]


def change(minute: float, kind: str = "IAMUser", **more: object) -> Row:
    """Make one record of CloudTrail."""
    return {
        "_time": 1_700_000_000 + minute * 60, "sourcetype": "aws:cloudtrail", "eventSource": "lambda.amazonaws.com",
        "eventName": "UpdateFunctionCode20150331v2", "userIdentity.type": kind, "userIdentity.arn": "arn:person",
        "requestParameters.functionName": "arn:aws:lambda:eu-west-1:111122223333:function:pay", "userAgent": "x",
        "sourceIPAddress": "192.0.2.7", "awsRegion": "eu-west-1", "recipientAccountId": "1", **more,
    }  # fmt: skip


def test_cloud_change(spl: dict[str, str], known: Knowledge) -> None:
    """A person's change is listed; the pipeline's and a failed one are not."""
    rows = [change(1), change(2, "AssumedRole"), change(3, errorCode="AccessDenied")]
    found = running.over_rows(spl["cloud_change"], rows, known)
    assert [(row["actor"], row["function_name"]) for row in found] == [("arn:person", "pay")]


def test_cloud_change_cloudflare(spl: dict[str, str], known: Knowledge) -> None:
    """An upload by an odd client is listed; wrangler's and a failed one are not."""

    def upload(agent: str, result: str = "success") -> Row:
        uri = "/client/v4/accounts/1/workers/scripts/pay/content"
        return {
            "_time": 1.0, "sourcetype": "cloudflare:audit", "_raw": uri, "action.result": result, "actor.email": "a@corp.example",
            "raw.method": "PUT", "raw.uri": uri, "raw.user_agent": agent, "actor.ip_address": "192.0.2.7",
        }  # fmt: skip

    rows = [upload("python-requests/2"), upload("wrangler/4.1"), upload("curl/8", "failure")]
    found = running.over_rows(spl["cloud_change_cloudflare"], rows, known)
    assert [(row["function_name"], row["user_agent"]) for row in found] == [("pay", "python-requests/2")]


def test_own_function(spl: dict[str, str], known: Knowledge) -> None:
    """A client that begins to call after a person's change is found; one that called before is not."""
    host = "own.lambda-url.eu-west-1.on.aws"
    late, always = even("10.0.0.1", host)[6:], even("10.0.0.2", host)
    found = running.over_rows(spl["own_function"], [*late, *always, change(110)], known)
    assert [(row["src"], row["function_name"], row["actor"]) for row in found] == [("10.0.0.1", "pay", ["arn:person"])]
    assert not running.over_rows(spl["own_function"], [*late, change(110, "AssumedRole")], known)


def test_the_estate(spl: dict[str, str], known: Knowledge, estate: Estate) -> None:
    """Over the raw logs of two of the example's sites, both implants are beacons, and few others are."""
    logs = [str(path) for site in ("roaming", "dc") for path in sorted(EXAMPLE.glob(f"{site}-*"))]
    found = running.pairs(running.over_logs(spl["beacon"], logs, known))
    assert {one.name for one in estate.implants if one.found(found)} == {"worker-laptop", "cloud-run-sleeper"}
    assert len({src for src, _ in found}) < 12


def test_the_app_is_where_the_readme_says(content: Content, tmp_path: Path) -> None:
    """The app's folder is read as any app is: every macro and lookup arrives."""
    app = running.app(texts("splunk", content), tmp_path)
    assert {"sferic_web_logs", "sferic_web_fields"} <= set(app.macros)
    assert app.lookups["sferic_platforms"].match == {"pattern": "WILDCARD"}
