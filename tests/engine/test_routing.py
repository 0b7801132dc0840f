"""Every line goes to the source that knows it; what fails costs one line."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import msgspec
import pytest

from sferic.engine.ledger import SAMPLES_PER_REASON, Ledger
from sferic.engine.routing import Router, as_text, decode
from sferic.model.event import HTTP, Event, Line, Reject
from sferic.model.report import FileAccount
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Reader, Setup, sources


class Scripted:
    """A reader that does what the line says."""

    def __init__(self, setup: Setup | None = None) -> None:
        del setup

    def claims(self, line: Line) -> int:
        """Claim by the first word."""
        if line.text.startswith("burn"):
            raise ZeroDivisionError
        return {"sure": CERTAIN, "like": LIKELY, "fail": LIKELY, "hmm": POSSIBLE}.get(line.text.split()[0], NO)

    def read(self, line: Line) -> Event | Reject | None:
        """Fail, refuse or read by the second word."""
        match line.text.split()[-1]:
            case "value":
                raise ValueError("time is not a number")
            case "int":
                int("x" * 400)
            case "key":
                raise KeyError(line.text)
            case "deep":
                raise RecursionError
            case "reject":
                return Reject("2 fields, expected 10")
            case "header":
                return None
            case "1970":
                return Event(table=HTTP, time=250_000)
            case "5138":
                return Event(table=HTTP, time=99_999_999_999_000_000)
        return Event(table=HTTP, time=1_772_445_600_000_000)


def router(**readers: Any) -> tuple[Router, FileAccount, Ledger]:
    """Make a router over scripted readers, with its books."""
    account, ledger = FileAccount(path="x.log"), Ledger()
    return Router(readers or {"one": Scripted()}, account, ledger), account, ledger


def every_reader() -> Mapping[str, Reader]:
    """Make a reader of each real source."""
    make: Any = {name: source.reader for name, source in sources().items()}
    return {name: build(Setup(Clock())) for name, build in make.items()}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"sure value", "time is not a number"),
        (b"sure int", "a number field holds something else"),
        (b"sure key", "the reader failed (KeyError); please report this line"),
        (b"sure deep", "the reader failed (RecursionError); please report this line"),
        (b"sure 1970", "the time is before 1990 or after 2099"),
        (b"sure 5138", "the time is before 1990 or after 2099"),
        (b"sure reject", "2 fields, expected 10"),
    ],
)
def test_a_failure_costs_one_reject(line: bytes, reason: str) -> None:
    """Whatever a reader raises, the line is a counted reject with place, reason and text, and the next one is read."""
    made, account, ledger = router()
    assert made.read(line, 7) is None
    assert made.read(b"sure", 8) is not None
    assert (account.rejected, account.events, account.unknown) == (1, 1, 0)
    (sample,) = ledger.samples
    assert (sample.place, sample.source, sample.reason, sample.text) == ("x.log:7", "one", reason, line.decode())


def test_a_reader_that_fails_to_claim_claims_nothing() -> None:
    """A reader that fails while it looks at a line leaves the line to the others."""
    made, account, _ = router(broken=Scripted(), other=type("Other", (Scripted,), {"claims": lambda *_: LIKELY})())
    assert made.read(b"burn", 1) is not None
    assert account.sources == {"other": 1}


def test_an_event_knows_its_place() -> None:
    """The router writes source, file and line into the event, whatever the reader left there."""
    made, _, _ = router()
    event = made.read(b"sure", 41)
    assert event is not None
    assert (event.source, event.file, event.line) == ("one", "x.log", 41)


def test_a_known_line_without_event_is_no_loss() -> None:
    """A header is known: neither event, reject nor unknown."""
    made, account, ledger = router()
    assert made.read(b"sure header", 1) is None
    assert (account.events, account.rejected, account.unknown, account.sources) == (0, 0, 0, {"one": 0})
    assert ledger.kinds == {"one": 1}


def test_unknown_lines_are_counted_with_samples() -> None:
    """Lines that no source knows are counted; a few are kept as samples; blank lines are nobody's."""
    made, account, ledger = router()
    for number in range(10):
        made.read(b"who is this %d" % number, number)
    made.read(b"  \t ", 11)
    made.read(b"", 12)
    assert account.unknown == 10
    assert [s.place for s in ledger.unknown_samples] == [f"x.log:{n}" for n in range(SAMPLES_PER_REASON)]


def test_the_surest_source_wins() -> None:
    """Of two sources that know a line, the surer one reads it; the last one that was sure enough is asked first."""

    class Jealous(Scripted):
        def claims(self, line: Line) -> int:
            return POSSIBLE if line.text.startswith("sure") else NO

    made, account, _ = router(a=Jealous(), b=Scripted())
    made.read(b"sure", 1)
    assert account.sources == {"b": 1}


def test_mixed_lines_find_their_sources(lines: ModuleType) -> None:
    """In a collector's file, each line is read by its own source, with or without a syslog header before it."""
    account, ledger = FileAccount(path="x.log"), Ledger()
    made = Router(every_reader(), account, ledger)
    mixed = {
        lines.squid(1): "squid_access",
        lines.pan_traffic(2): "panos_traffic",
        lines.asa(3): "cisco_asa",
        lines.stream_dns(4): "splunk_stream",
        lines.pan_url(5): "panos_threat",
        lines.stream_http(6): "splunk_stream",
        "<13>Mar  2 10:00:07 proxy-1 squid[77]: " + lines.squid(7): "squid_access",
    }
    for turn in range(2):
        for number, (text, source) in enumerate(mixed.items(), 1):
            event = made.read(text.encode(), number + 10 * turn)
            assert event is not None, text
            assert (event.source, event.line) == (source, number + 10 * turn)
    assert (account.events, account.rejected, account.unknown) == (14, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"result":{"_raw":' * 50_000,
        '{"event":' + '{"event":' * 50_000,
        "a " * 1_000_000,
        "a,b," * 500_000,
        'k="v" ' * 200_000,
        "CEF:0|a|b|c|d|e|f|" + "k=v " * 200_000,
        "\x1b[2J\x1b]0;owned\x07" * 100,
        "<14>" * 10_000,
        '"' * 100_000,
        "\\" * 100_000,
        "%ASA-6-302013: Built " + "(" * 50_000,
    ],
    ids=lambda text: text[:20],
)
def test_hostile_lines_cost_a_line(text: str) -> None:
    """Deep nesting, a million fields, endless quotes: at most one reject or unknown line each, and no crash."""
    account, ledger = FileAccount(path="x.log"), Ledger()
    made = Router(every_reader(), account, ledger)
    assert made.read(text.encode(), 1) is None
    assert account.rejected + account.unknown <= 1
    assert all(len(sample.text) <= 300 for sample in (*ledger.samples, *ledger.unknown_samples))


@pytest.mark.parametrize("number", [10**30, -1, 2**63, 1e300, True, "9" * 40, -(10**40), [1], None])
def test_absurd_numbers_are_unknown(lines: ModuleType, number: object) -> None:
    """A byte count that cannot be is unknown or a reject; it never overflows a column."""
    account, ledger = FileAccount(path="x.log"), Ledger()
    event = Router(every_reader(), account, ledger).read(lines.stream_http(1, bytes_in=number).encode(), 1)
    assert (event is None) == bool(account.rejected)
    assert event is None or event.bytes_up is None or 0 <= event.bytes_up < 2**63


def test_text_in_any_encoding() -> None:
    """UTF-8 is read as such, anything else as Latin-1; a JSON array's frame around an object is taken off."""
    assert as_text("größe".encode()) == as_text("größe".encode("latin-1")) == "größe"
    assert decode(b'[{"a":1},') == decode(b'  {"a":1},') == decode(b'{"a":1}]') == '{"a":1}'
    assert decode(b" plain, text") == " plain, text"
    assert decode(b"[not json]") == "[not json]"


def test_every_source_of_a_family_hears_its_header() -> None:
    """A header line that several sources claim reaches them all, and makes none of them a source of the file."""
    account = FileAccount(path="x.log")
    made = Router(every_reader(), account, Ledger())
    names = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p query qtype_name rcode_name answers"
    header = ["#separator \\x09", "#set_separator\t|", "#empty_field\t[]", "#unset_field\tNIL", "#path\tdns"]
    row = "1772445600.5 C1 10.0.0.1 5000 10.0.0.53 53 a.example A NIL b.example|192.0.2.1"
    lines = [*header, "#fields\t" + "\t".join(names.split()), "\t".join(row.split())]
    made.recognise(text.encode() for text in lines)
    events = [made.read(text.encode(), number) for number, text in enumerate(lines, 1)]
    assert events[-1] is not None
    assert (events[-1].outcome, events[-1].answers) == (None, ("b.example", "192.0.2.1"))
    assert (account.sources, account.unknown, account.rejected) == ({"zeek_dns": 1}, 0, 0)


HEADERS = ("", "<134>Mar  2 10:00:01 relay zeek: ", "<13>1 2026-03-02T10:00:01Z relay zeek 1 - - ")
CONN = (
    b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_bytes\n"
    b"1772445600.1\tC1\t10.0.0.5\t50001\t198.51.100.7\t443\ttcp\t512\n"
    b"1772445660.1\tC2\t10.0.0.5\t50002\t198.51.100.7\t443\ttcp\t512\n"
)


@pytest.mark.parametrize("before", HEADERS)
def test_a_relay_s_header_does_not_matter(before: str) -> None:
    """JSON and tables with a header of their own are read behind syslog's; who sent them is the observer."""
    asks, account, _ = router(**every_reader())
    texts = [*CONN.splitlines(), CONN.splitlines()[-1]]
    found = [event for n, text in enumerate(texts) if (event := asks.read(before.encode() + text, n))]
    assert [event.bytes_up for event in found] == [512] * 3
    assert {event.observer for event in found} == {"relay" if before else None}
    assert (account.rejected, account.unknown) == (0, 0)


def test_headers_before_headers_and_envelopes_are_taken_off() -> None:
    """A relay of a relay of a shipper is read; more headers than anybody writes are left."""
    asks, account, _ = router(**every_reader())
    row = '{"event_type": "tls", "flow_id": 1, "timestamp": "2026-03-02T10:00:00+0000", "src_ip": "10.0.0.5"}'
    wrapped = '{"date": 1772445600.0, "log": ' + msgspec.json.encode(row).decode() + "}"
    assert asks.read(f"{HEADERS[2]}{HEADERS[1]}{wrapped}".encode(), 1) is not None
    assert asks.read(HEADERS[2].encode() * 4 + CONN.splitlines()[-1], 2) is None
    assert account.unknown == 1
