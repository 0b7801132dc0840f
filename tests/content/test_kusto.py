"""The exported KQL runs, finds the implants that the tables show, and stays silent on what people do."""

import msgspec
import pytest
import yaml

from prove import kusto as running
from prove.estate import Estate
from sferic.model.event import HTTP, Event
from tests.content.conftest import NAMELESS, Exported

TABLES = {
    "sentinel/{}_asim": ("_Im_WebSession", running.asim),
    "sentinel/{}_cef": ("CommonSecurityLog", running.cef),
    "defender/{}_defender": ("DeviceNetworkEvents", running.defender),
}
each_table = pytest.mark.parametrize("place", TABLES)


def alerts(query: str, place: str, events: list[Event]) -> set[tuple[str, str]]:
    """Run a query over events in the table of that place."""
    table, filled = TABLES[place]
    return running.pairs(running.run(query, **{table: filled(events)}))


@each_table
@pytest.mark.parametrize("detection", ["candidate", "beacon"])
def test_implants(place: str, detection: str, kusto: Exported, estate: Estate) -> None:
    """Every implant is found whose host the table names."""
    found = alerts(kusto[f"{place.format(detection)}.kql"], place, estate.events)
    assert {one.name for one in estate.implants if not one.found(found)} == {NAMELESS}


def test_regularity_makes_the_difference(kusto: Exported, estate: Estate) -> None:
    """Of 300 machines in three days, fewer than one in ten candidates is called a beacon."""
    counts = [len(alerts(kusto[f"sentinel/{name}_asim.kql"], "sentinel/{}_asim", estate.events))
              for name in ("candidate", "beacon")]  # fmt: skip
    assert counts[1] * 10 < counts[0]


def visits(minutes: list[float], client: str = "10.0.0.9", host: str = "fn.lab-account.workers.dev") -> list[Event]:
    """Make requests at these minutes."""
    return [Event(table=HTTP, time=int(minute * 60e6) + 1_700_000_000_000_000, src_ip=client, dst_host=host,
                  bytes_up=300, bytes_down=500) for minute in minutes]  # fmt: skip


EVEN = [20.0 * number for number in range(30)]
ODD = [number * number * 1.5 for number in range(30)]


@each_table
def test_a_beacon_and_its_twins(place: str, kusto: Exported) -> None:
    """Even gaps fire; growing gaps, a fleet that does the same, and a host that only looks alike do not."""
    query = kusto[f"{place.format('beacon')}.kql"]
    fleet = [event for number in range(6) for event in visits(EVEN, f"10.0.1.{number}", "agent.lab.workers.dev")]
    alike = visits(EVEN, host="fn.lab-account.workers.dev.evil.example")
    events = [*visits(EVEN), *visits(ODD, "10.0.0.10", "page.lab.pages.dev"), *fleet, *alike]
    assert alerts(query, place, events) == {("10.0.0.9", "fn.lab-account.workers.dev")}


def test_large_answers_are_no_beacon(kusto: Exported) -> None:
    """Even gaps with large answers are a download, where the log tells sizes."""
    events = [msgspec.structs.replace(event, bytes_down=90_000) for event in visits(EVEN)]
    assert not alerts(kusto["sentinel/beacon_asim.kql"], "sentinel/{}_asim", events)


def test_programs(kusto: Exported) -> None:
    """A program on one machine is listed, a browser and a fleet's agent are not."""
    rows = running.defender(visits(EVEN[:5]))
    mine, browser = (
        [{**row, "InitiatingProcessFileName": name} for row in rows] for name in ("sync.exe", "Chrome.exe")
    )
    fleet = [{**row, "DeviceId": f"d{n}", "InitiatingProcessFileName": "agent.exe"} for n in range(4) for row in rows]
    found = running.run(kusto["defender/process.kql"], DeviceNetworkEvents=[*mine, *browser, *fleet])
    assert [row["Program"] for row in found] == ["sync.exe"]


def change(actor: str, kind: str, **more: object) -> running.Row:
    """Make one CloudTrail record of changed code, at the time of the fifth even visit."""
    return {
        "TimeGenerated": running.asim(visits([EVEN[5]]))[0]["TimeGenerated"], "EventSource": "lambda.amazonaws.com",
        "EventName": "UpdateFunctionCode20150331v2", "UserIdentityType": kind, "UserIdentityArn": actor,
        "RequestParameters": '{"functionName": "arn:aws:lambda:eu-west-1:111122223333:function:example-function"}', **more,
    }  # fmt: skip


def test_changes_by_hand(kusto: Exported) -> None:
    """A person's change is listed with the function's name; the pipeline's and a failed one are not."""
    rows = [change("arn:person", "IAMUser"), change("arn:role", "AssumedRole"),
            change("arn:other", "IAMUser", ErrorCode="AccessDenied")]  # fmt: skip
    found = running.run(kusto["sentinel/cloud_change.kql"], AWSCloudTrail=rows)
    assert [(row["Actor"], row["Function"]) for row in found] == [("arn:person", "example-function")]


def test_own_function(kusto: Exported) -> None:
    """A client that begins to call after the change is found, one that called before it is not."""
    host = "example.lambda-url.eu-west-1.on.aws"
    rows = running.asim([*visits(EVEN[6:], "10.0.0.1", host), *visits(EVEN, "10.0.0.2", host)])
    query = kusto["sentinel/own_function_asim.kql"]
    found = running.run(query, _Im_WebSession=rows, AWSCloudTrail=[change("arn:person", "IAMUser")])
    assert [(row["Source"], row["Actor"]) for row in found] == [("10.0.0.1", "arn:person")]
    assert not running.run(query, _Im_WebSession=rows, AWSCloudTrail=[change("arn:role", "AssumedRole")])


def test_rules_hold_the_queries(kusto: Exported) -> None:
    """A rule for Sentinel is YAML, with the query that was run, and maps only columns that the query has."""
    rules = {path: yaml.safe_load(text) for path, text in kusto.items() if path.endswith(".yaml")}
    assert len(rules) == 6
    for path, rule in rules.items():
        query = kusto[path.replace(".yaml", ".kql")]
        assert query.endswith(rule["query"]), path
        columns = {mapping["columnName"] for one in rule["entityMappings"] for mapping in one["fieldMappings"]}
        assert all(column in query for column in columns), path
        assert rule["queryPeriod"].endswith("h")
