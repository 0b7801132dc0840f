"""The raw log formats, checked field by field against how their vendors describe them."""

import csv
import json
import re
from dataclasses import replace

import pytest

from sferic.lab.records import Machine, Record
from sferic.lab.scenario import Site
from sferic.lab.writers import BOXES, bluecoat, cisco, panos, squid, stream, zeek, zscaler

SITE = Site(name="here", format="squid_access", machines=1, network="10.0.0.0/24")
MACHINE = Machine("HERE-WS001", "here", "desktop", "alex.birch", ("10.0.0.10",), "browser/1", challenged=False)
TUNNEL = Record(
    start_s=1_772_438_400.25,  # 2026-03-02 08:00:00.25 UTC
    end_s=1_772_438_402.5,
    machine=MACHINE,
    src_ip="10.0.0.10",
    src_port=50_001,
    dst_ip="198.51.100.10",
    host="a.acct-lab.workers.dev",
    scheme="https",
    method="CONNECT",
    path=None,
    user_agent="agent/1",
    status=200,
    bytes_up=1_300,
    bytes_down=4_700,
    looked_up=True,
)
POST = replace(TUNNEL, method="POST", path="/x/y.js?q=1", looked_up=False)
DENIED = replace(TUNNEL, status=407, denied=True)
CLEAR = replace(POST, scheme="http", method="GET")


def test_squid_native_columns() -> None:
    """A tunnel is stamped with its end, carries its length in milliseconds and the bytes sent to the client."""
    tunnel, denied, post = squid.native([TUNNEL, DENIED, POST], SITE)
    assert tunnel == (
        "1772438402.500   2250 10.0.0.10 TCP_TUNNEL/200 4700 CONNECT a.acct-lab.workers.dev:443 alex.birch "
        "HIER_DIRECT/198.51.100.10 -"
    )
    assert denied == (
        "1772438402.500   2250 10.0.0.10 TCP_DENIED/407 4700 CONNECT a.acct-lab.workers.dev:443 - HIER_NONE/- text/html"
    )
    assert post == (
        "1772438402.500   2250 10.0.0.10 TCP_MISS/200 4700 POST https://a.acct-lab.workers.dev/x/y.js?q=1 "
        "alex.birch HIER_DIRECT/198.51.100.10 application/json"
    )


def test_squid_recommended_counts_uploads_as_bytes_in() -> None:
    """Splunk's format calls the request's bytes `bytes_in`, the reply's `bytes_out`."""
    [line] = squid.recommended([POST], SITE)
    assert " bytes_in=1300 bytes_out=4700 " in line
    assert " local_time=[02/Mar/2026:08:00:02 +0000] " in line
    assert ' http_user_agent="agent/1" status=200 vendor_action=TCP_MISS ' in line


def test_bluecoat_columns_match_the_header() -> None:
    """Each entry has as many columns as the header names, at the places the header says."""
    lines = bluecoat.elff([TUNNEL, DENIED, POST], SITE)
    names = next(line for line in lines if line.startswith("#Fields: ")).removeprefix("#Fields: ").split()
    rows = [next(csv.reader([line], delimiter=" ")) for line in lines if not line.startswith("#")]
    tunnel, denied, post = (dict(zip(names, row, strict=True)) for row in rows)
    assert (tunnel["cs-method"], tunnel["cs-uri-scheme"], tunnel["cs-host"]) == (
        "CONNECT",
        "tcp",
        TUNNEL.host,
    )
    assert (denied["sc-status"], denied["s-action"], denied["cs-username"]) == ("407", "TCP_DENIED", "-")
    assert (post["date"], post["time"], post["time-taken"]) == ("2026-03-02", "08:00:02", "2250")
    assert (post["cs-bytes"], post["sc-bytes"]) == ("1300", "4700")
    assert (post["cs-uri-path"], post["cs-uri-query"], post["cs-uri-extension"]) == ("/x/y.js", "?q=1", "js")
    assert post["cs(User-Agent)"] == "agent/1"


def test_bluecoat_without_entries_is_an_empty_file() -> None:
    """No entries, no header."""
    assert bluecoat.elff([], SITE) == []


def test_zscaler_pairs() -> None:
    """The first column is the time; `requestsize` is what the client sent; the URL has no scheme."""
    stamp, *pairs = zscaler.web([POST], SITE)[0].split("\t")
    fields = dict(pair.split("=", 1) for pair in pairs)
    assert stamp == "2026-03-02 08:00:02"
    assert (fields["requestsize"], fields["responsesize"], fields["transactionsize"]) == (
        "1300",
        "4700",
        "6000",
    )
    assert fields["url"] == "a.acct-lab.workers.dev/x/y.js?q=1"
    assert (fields["user"], fields["ClientIP"]) == ("alex.birch@corp.example", "10.0.0.10")
    assert dict(p.split("=", 1) for p in zscaler.web([TUNNEL], SITE)[0].split("\t")[1:])["url"].endswith(":443")


def test_panos_logs_join_on_the_session() -> None:
    """URL and traffic entry of one connection share the session id; only the second has bytes, up before down."""
    url = next(csv.reader(panos.threat_url([TUNNEL], SITE)))
    traffic = next(csv.reader(panos.traffic([TUNNEL], SITE)))
    assert url[3:5] == ["THREAT", "url"]
    assert traffic[3:5] == ["TRAFFIC", "end"]
    assert url[22] == traffic[22]
    assert url[31] == "a.acct-lab.workers.dev/"
    assert traffic[31:34] == ["6000", "1300", "4700"]
    assert (traffic[1], traffic[35], traffic[36]) == ("2026/03/02 08:00:02", "2026/03/02 08:00:00", "2")


def test_panos_shows_the_request_only_when_decrypted() -> None:
    """Undecrypted, method and user agent are empty; decrypted, both are there and the URL has its path."""
    closed = next(csv.reader(panos.threat_url([TUNNEL], SITE)))
    opened = next(csv.reader(panos.threat_url([POST], SITE)))
    assert "agent/1" not in closed
    assert "post" not in closed
    assert opened[46] == "agent/1"
    assert "post" in opened
    assert opened[31] == "a.acct-lab.workers.dev/x/y.js?q=1"


def test_asa_has_no_name_but_in_clear_text() -> None:
    """Built and teardown share the number; bytes are one total; a URL is written for clear text only."""
    built, gone = cisco.asa([TUNNEL], SITE)
    assert "%ASA-6-302013: Built outbound TCP connection" in built
    assert gone.endswith("duration 0:00:02 bytes 6000 TCP FINs")
    assert re.findall(r"connection (\d+) ", built) == re.findall(r"connection (\d+) ", gone)
    assert TUNNEL.host not in built + gone
    assert "Accessed URL 198.51.100.10:http://a.acct-lab.workers.dev/x/y.js?q=1" in "".join(cisco.asa([CLEAR], SITE))


def test_stream_dns_answers_with_the_address_used() -> None:
    """Each lookup precedes its connection and its first answer is the address connected to."""
    [line] = stream.dns([TUNNEL, POST], SITE)
    event = json.loads(line)
    assert event["query"] == [TUNNEL.host]
    assert event["host_addr"][0] == TUNNEL.dst_ip
    assert event["endtime"] < "2026-03-02T08:00:00.250000Z"


def test_stream_http_sees_only_what_is_readable() -> None:
    """Tunnels give no event; `bytes_in` is what the client sent."""
    [line] = stream.http([TUNNEL, POST], SITE)
    event = json.loads(line)
    assert (event["bytes_in"], event["bytes_out"], event["uri_query"]) == (1_300, 4_700, "q=1")


def test_zeek_joins_bytes_and_names_by_uid() -> None:
    """The connection has bytes and duration, the handshake the name; one uid joins them; clear text has no handshake."""
    [connection], [handshake] = (
        [json.loads(line) for line in write([TUNNEL], SITE)] for write in (zeek.conn, zeek.ssl)
    )
    assert connection["uid"] == handshake["uid"]
    assert (connection["orig_bytes"], connection["resp_bytes"], connection["duration"]) == (1_300, 4_700, 2.25)
    assert (handshake["server_name"], handshake["id.resp_p"]) == (TUNNEL.host, 443)
    assert zeek.ssl([CLEAR], SITE) == []


WRITERS = {source: write for box in BOXES.values() for source, write in box.items()}


@pytest.mark.parametrize("source", sorted(WRITERS))
def test_every_writer_gives_whole_lines(source: str) -> None:
    """No writer puts a line end into a line, and every writer but those of bare connections names the host."""
    lines = WRITERS[source]([TUNNEL, POST, CLEAR], SITE)
    assert lines
    assert not any("\n" in line or "\r" in line for line in lines)
    assert (source not in {"panos_traffic", "zeek_conn"}) == any(TUNNEL.host in line for line in lines)
