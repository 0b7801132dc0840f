"""A line that holds several messages is cut into them, and every message becomes an event of its own."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.settings import Limits
from sferic.pipeline.hunting import hunt
from sferic.pipeline.normalizing import normalize
from sferic.sources._batches import messages

TEN_MS = 1_772_445_600_000
QUERY = '{"version":"1.1","query_timestamp":"2026-03-02T10:00:0%dZ","query_name":"fn-%d.lab.workers.dev.","query_type":"A","rcode":"NOERROR","srcaddr":"10.0.0.5","srcport":"5000%d","transport":"UDP","srcids":{"instance":"i-0a"}}'
FLOW = "2 123456789010 eni-0a1b2c3d4e5f60718 10.0.0.5 192.0.2.1 50000 443 6 9 840 1772445600 1772445660 ACCEPT OK"


def batch(*texts: str, kind: str = "DATA_MESSAGE") -> str:
    """Write a batch as a subscription sends it."""
    events = [{"id": f"3195{n}", "timestamp": TEN_MS + n * 1000, "message": text} for n, text in enumerate(texts)]
    frame = {
        "messageType": kind,
        "owner": "123456789010",
        "logGroup": "g",
        "logStream": "s",
        "subscriptionFilters": ["f"],
    }
    return json.dumps({**frame, "logEvents": events}, separators=(",", ":"))


def test_every_message_of_a_batch_is_an_event(tmp_path: Path) -> None:
    """Look-ups and flows come out of batches, joined or one a line, at the batch's line; control messages say nothing."""
    log = tmp_path / "delivered.json"
    lines = [
        batch("CWL CONTROL MESSAGE: Checking health of destination", kind="CONTROL_MESSAGE"),
        batch(*(QUERY % (n, n, n) for n in range(3))) + batch(FLOW),
        batch("no log that anybody knows"),
    ]
    log.write_text("\n".join(lines), encoding="utf-8")
    run = normalize([str(log)])
    found = [(event.source, event.dst_host or event.dst_ip, event.line) for event in run]
    names = [("aws_vpc_dns", f"fn-{n}.lab.workers.dev", 2) for n in range(3)]
    assert found == [*names, ("aws_vpc_flow", "192.0.2.1", 2)]
    account = run.account
    assert (account.lines, account.events, account.unknown, account.rejected) == (3, 4, 1, 0)


def test_a_hunt_selects_and_joins_batched_lines(tmp_path: Path) -> None:
    """A hunt finds the platform's name inside a batch's text, and learns from its answers what a flow's address is."""
    log = tmp_path / "delivered.json"
    answered = QUERY.replace('"rcode"', '"answers":[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"}],"rcode"')
    log.write_text(batch(answered % (0, 0, 0)) + "\n" + batch(FLOW), encoding="utf-8")
    account = hunt([str(log)]).account
    assert account.files[0].sources == {"aws_vpc_dns": 1, "aws_vpc_flow": 1}


@pytest.mark.parametrize(
    "text",
    [
        "plain text",
        '{"logEvents":[{"id":"1","message":"x"}]}',
        '{"messageType":"DATA_MESSAGE","logEvents":{"id":"1"}}',
        '{"messageType":"OTHER","logEvents":[]}',
        '{"messageType":7,"logEvents":[]}',
        batch("x")[:-1],
        '{"logEvents":' + "[" * 100_000,
        json.dumps({"payload": batch("x")}),
    ],
)
def test_any_other_line_stays_as_it_is(text: str) -> None:
    """What is no batch, a broken one, or one inside another text is left for the router."""
    assert messages(text.encode()) == [text.encode()]


def test_a_batch_inside_a_batch_is_not_opened() -> None:
    """Nesting gains nothing: one layer is cut, so the work stays within the line's length."""
    inner = batch("x", "y")
    (only,) = messages(batch(inner).encode())
    assert json.loads(only)["message"] == inner


@given(st.lists(st.text(max_size=30), max_size=5), st.lists(st.text(max_size=30), max_size=5))
def test_no_message_is_lost_or_split(first: list[str], second: list[str]) -> None:
    """Joined batches give all messages in order, whatever these hold: the border of a batch, too."""
    tricky: list[str] = [*first, '}{"messageType":"DATA_MESSAGE","logEvents":[]}']
    found: list[Any] = [json.loads(m)["message"] for m in messages((batch(*tricky) + batch(*second)).encode())]
    assert found == tricky + second


@given(st.binary(max_size=60))
def test_any_bytes_are_kept(raw: bytes) -> None:
    """No bytes raise an error or vanish."""
    line = b'{"messageType":"DATA_MESSAGE","logEvents":' + raw
    assert b"".join(messages(line)) == line or raw.strip().startswith(b"[")


def test_deliveries_without_line_ends_are_read(tmp_path: Path) -> None:
    """Firehose joins what it delivers, batches as well as plain records; together they may be longer than any line."""
    log = tmp_path / "delivered.json"
    queries = [QUERY % (n % 10, n, n % 10) for n in range(6000)]
    for text, count in (("".join(queries), 6000), ("".join(batch(query) for query in queries), 6000)):
        assert len(text) > Limits().line_bytes
        log.write_text(text, encoding="utf-8")
        run = normalize([str(log)])
        assert [event.line for event in run] == list(range(1, count + 1))
        assert (run.account.lines, run.account.rejected) == (count, 0)


def test_a_trail_in_one_line_of_a_mixed_file(tmp_path: Path) -> None:
    """A file of CloudTrail that stands as one line among a proxy's lines gives an event for each record, at its line."""
    proxied = "1772445600.123 90 10.0.0.5 TCP_TUNNEL/200 900 CONNECT a.lab.workers.dev:443 - HIER_DIRECT/192.0.2.1 -"
    records = [
        {
            "eventVersion": "1.08", "eventTime": f"2026-03-02T10:00:0{n}Z", "eventSource": "lambda.amazonaws.com",
            "eventName": "UpdateFunctionCode20150331v2", "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.7",
            "userAgent": "aws-cli/2", "eventID": f"00000000-0000-0000-0000-00000000000{n}",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/mira"},
            "requestParameters": {"functionName": "sync"},
        }
        for n in range(3)
    ]  # fmt: skip
    log = tmp_path / "mixed.log"
    log.write_text("\n".join([proxied, proxied, json.dumps({"Records": records}), proxied]) + "\n", encoding="utf-8")
    events = [event for event in normalize([str(log)]) if event.source == "aws_cloudtrail"]
    assert [(event.line, event.time) for event in events] == [(3, 1_772_445_600_000_000 + n * 1_000_000) for n in range(3)]
    account = hunt([str(log)]).account
    assert (account.rejected, account.files[0].sources["aws_cloudtrail"]) == (0, 3)


@pytest.mark.parametrize("text", ['{"Records":[{"a":1}', '{"Records":[{]}', '{"Records":[{"a":' + "[" * 5000])
def test_a_broken_trail_stays_a_line(text: str) -> None:
    """What does not decode is left as it is, for its reader to refuse; nothing is lost."""
    assert messages(text.encode()) == [text.encode()]
