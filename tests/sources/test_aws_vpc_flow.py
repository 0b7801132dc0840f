"""The rules of `aws_vpc_flow` that its golden cases do not show."""

import json

import pytest
from hypothesis import given

from sferic.model.errors import UsageError
from sferic.model.event import Event, Line, Reject
from sferic.sources._contract import CERTAIN, LIKELY, NO
from sferic.sources.aws_vpc_flow import Reader
from tests.sources.single_lines import Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


DEFAULT = "2 000000000000 eni-00000000000000001 {} {} {} {} 6 1 100 1772445600 1772445660 ACCEPT OK"
FORMAT = "${srcaddr} ${dstaddr} ${srcport} ${dstport} ${bytes} ${start} ${tcp-flags} ${instance-id} ${flow-direction}"


@pytest.mark.parametrize(
    ("src", "dst", "src_port", "dst_port", "reply"),
    [
        ("10.0.0.5", "192.0.2.1", 50001, 443, False),
        ("192.0.2.1", "10.0.0.5", 443, 50001, True),
        ("192.0.2.1", "10.0.0.5", 50001, 443, False),
        ("10.0.0.5", "10.0.0.6", 8080, 40000, True),
        ("10.0.0.5", "192.0.2.1", 500, 500, False),
        ("192.0.2.1", "10.0.0.5", 500, 500, True),
        ("192.0.2.1", "192.0.2.2", 500, 500, False),
    ],
)
def test_the_lower_port_is_the_servers(src: str, dst: str, src_port: int, dst_port: int, reply: bool) -> None:
    """Ports tell the server, and where they are equal the private address is the client; the bytes follow."""
    found = event(DEFAULT.format(src, dst, src_port, dst_port))
    assert (found.src_ip, found.dst_ip) == ((dst, src) if reply else (src, dst))
    assert (found.src_port, found.dst_port) == ((dst_port, src_port) if reply else (src_port, dst_port))
    assert (found.bytes_up, found.bytes_down) == ((None, 100) if reply else (100, None))


def test_both_directions_have_one_connection() -> None:
    """The records of the two directions share the connection's name; another minute's, or one without ports, do not."""
    up = event(DEFAULT.format("10.0.0.5", "192.0.2.1", 50001, 443))
    down = event(DEFAULT.format("192.0.2.1", "10.0.0.5", 443, 50001))
    later = event(DEFAULT.format("10.0.0.5", "192.0.2.1", 50001, 443).replace("1772445600", "1772445660"))
    assert up.connection_id is not None
    assert up.connection_id == down.connection_id != later.connection_id
    assert event(DEFAULT.format("10.0.0.5", "192.0.2.1", 0, 0)).connection_id is None


@pytest.mark.parametrize(("flags", "reply"), [(2, False), (3, False), (18, True), (19, True), (0, True), (1, True)])
def test_a_syn_tells_the_client_surer_than_ports(flags: int, reply: bool) -> None:
    """A SYN is the client's, a SYN with ACK the server's; without a SYN the ports count."""
    found = event(f"10.0.0.5 192.0.2.1 443 50001 100 1772445600 {flags} - -", format=FORMAT)
    assert (found.bytes_down is not None) is reply


@pytest.mark.parametrize(
    ("line", "device"),
    [
        ("10.0.0.5 192.0.2.1 50001 443 1 1772445600 0 i-1 egress", "i-1"),
        ("192.0.2.1 10.0.0.5 443 50001 1 1772445600 0 i-1 ingress", "i-1"),
        ("10.0.0.5 10.0.0.6 50001 443 1 1772445600 0 i-6 ingress", None),
        ("10.0.0.5 192.0.2.1 50001 443 1 1772445600 0 i-1 -", "i-1"),
        ("10.0.0.5 10.0.0.6 50001 443 1 1772445600 0 i-1 -", None),
        ("192.0.2.1 10.0.0.5 50001 443 1 1772445600 0 i-5 ingress", None),
    ],
)
def test_the_instance_is_a_device_only_as_a_client(line: str, device: str | None) -> None:
    """The interface's instance may be the server; its name must not become the client's."""
    assert event(line, format=FORMAT).device == device


def test_a_header_changes_the_columns_and_repeats_do_not_matter() -> None:
    """Joined files hold several headers; each counts for the lines behind it."""
    reader = made()
    for header in ("dstaddr srcaddr start", '"SrcAddr","DstAddr","Start"', "srcaddr dstaddr log_status start"):
        assert reader.claims(Line(header)) == CERTAIN
        assert reader.read(Line(header)) is None
    found = reader.read(Line("10.0.0.5 192.0.2.1 OK 1772445600"))
    assert isinstance(found, Event)
    assert (found.src_ip, found.dst_ip, found.bytes_up, found.duration_ms) == ("10.0.0.5", "192.0.2.1", None, None)


def test_a_format_without_its_ends_is_refused() -> None:
    """An option that could not give an event is an error at the start, not a reject per line."""
    with pytest.raises(UsageError, match="srcaddr"):
        made(format="${version} ${bytes}")


def test_an_end_before_its_start_is_no_negative_duration() -> None:
    """Times in the wrong order give 0."""
    line = DEFAULT.format("10.0.0.5", "192.0.2.1", 1, 2).replace("1772445660", "1772445599")
    assert event(line).duration_ms == 0


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (DEFAULT.format("10.0.0.5", "192.0.2.1", 1, 2), CERTAIN),
        (DEFAULT.format("10.0.0.5", "192.0.2.1", 1, 2).replace("OK", "FINE"), NO),
        (DEFAULT.format("10.0.0.5", "192.0.2.1", 1, 2).replace("eni-", "x"), LIKELY),
        ("a b c d e f g h i j k l m n", NO),
        ("srcaddr", NO),
        ("", NO),
    ],
)
def test_claims_records_that_hold_what_columns_promise(text: str, claim: int) -> None:
    """Fourteen words are not enough: version, interface, addresses and status must look like themselves."""
    assert made().claims(Line(text)) == claim


def test_a_record_of_another_length_is_a_reject() -> None:
    """A line cut off is counted with the number of its fields."""
    assert made().read(Line("2 000000000000 eni-1")) == Reject("3 fields, expected 14")


@given(texts("2 000000000000 eni-1 10.0.0.5 192.0.2.1 "))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)


@pytest.mark.parametrize("bridge", ["_", "-"])
def test_objects_name_their_fields(bridge: str) -> None:
    """As JSON, and so as Parquet, a record needs no header; names have hyphens or underscores, values are text or not."""
    record = {
        "srcaddr": "10.0.0.5", "dstaddr": "10.0.1.1", f"pkt{bridge}dstaddr": "192.0.2.1", "srcport": 50001,
        "dstport": "443", "protocol": 6, "bytes": 100, "start": 1772445600, "end": 1772445660, "action": "ACCEPT",
        f"log{bridge}status": "OK", "tcp_flags": None,
    }  # fmt: skip
    assert made().claims(Line(json.dumps(record))) == CERTAIN
    found = event(json.dumps(record))
    assert (found.dst_ip, found.dst_port, found.bytes_up, found.duration_ms) == ("192.0.2.1", 443, 100, 60_000)
    nothing = json.dumps(record | {f"log{bridge}status": "NODATA"})
    assert made().read(Line(nothing)) is None


def test_a_header_row_behind_syslog_s_is_none() -> None:
    """Words of another header in front would be taken for columns; the router takes them off first."""
    assert made().claims(Line("version srcaddr dstaddr start")) == CERTAIN
    assert made().claims(Line("<13>Mar  2 10:00:00 relay app: version srcaddr dstaddr start")) == NO
