"""What the four Zeek sources share: whose line is whose, headers, JSON's forms, escapes."""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.ledger import Ledger
from sferic.engine.routing import Router
from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.model.report import FileAccount
from sferic.sources import _zeek
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Reader, Setup, sources
from sferic.sources.zeek_conn import Connection
from sferic.sources.zeek_conn import Reader as ConnReader
from sferic.sources.zeek_dns import Lookup
from sferic.sources.zeek_http import Request
from sferic.sources.zeek_ssl import Handshake

MakeReader = Callable[..., Reader]

KINDS = ("zeek_conn", "zeek_dns", "zeek_http", "zeek_ssl")
RECORDS: dict[str, type[_zeek.Record]] = {
    "zeek_conn": Connection,
    "zeek_dns": Lookup,
    "zeek_http": Request,
    "zeek_ssl": Handshake,
}
GOLDEN = Path(__file__).parents[1] / "golden" / "sources"
ENDS = {"id.orig_h": "10.0.0.1", "id.orig_p": 5000, "id.resp_h": "192.0.2.1", "id.resp_p": 443}
OBJECT = {"ts": 1772445600.5, "uid": "CAaaaaaaaaaaaaaaa1", **ENDS}
OWN_KEYS: dict[str, dict[str, Any]] = {
    "zeek_conn": {"conn_state": "SF"},
    "zeek_dns": {"trans_id": 1, "rejected": False},
    "zeek_http": {"trans_depth": 1, "request_body_len": 0},
    "zeek_ssl": {"resumed": False, "established": True},
}


def header(path: str, names: str, separator: str = "\t", **marks: str) -> list[str]:
    """Write the header lines of a TSV log."""
    said = {"set_separator": ",", "empty_field": "(empty)", "unset_field": "-"} | marks
    escaped = "".join(f"\\x{ord(c):02x}" for c in separator)
    return [
        f"#separator {escaped}",
        *(f"#{name}{separator}{value}" for name, value in said.items()),
        f"#path{separator}{path}",
        f"#open{separator}2026-03-02-10-00-00",
        f"#fields{separator}{separator.join(names.split())}",
    ]


def read(made: Reader, texts: Iterable[str]) -> list[Event | Reject | None]:
    """Read lines in order."""
    return [made.read(Line(text)) for text in texts]


def event(made: Reader, *texts: str) -> Event:
    """Read lines of which the last has to be an event."""
    found = read(made, texts)[-1]
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize("owner", KINDS)
@pytest.mark.parametrize("form", ["json", "tsv"])
def test_no_other_source_claims_what_one_reads(owner: str, form: str, reader: MakeReader) -> None:
    """Of all sources, only the one whose log it is claims an object or a `#fields` line."""
    raw = (GOLDEN / owner / form / "raw.log").read_bytes().decode("latin-1").splitlines()
    made = reader(owner)
    own = next(text for text in raw if text.startswith(("#fields", "{")) and made.claims(Line(text)) == CERTAIN)
    claims = {name: reader(name).claims(Line(own)) for name in sources()}
    assert {name: surety for name, surety in claims.items() if surety} == {owner: CERTAIN}


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("conn", "zeek_conn"), ("conn_red", "zeek_conn"), ("open_conn", "zeek_conn"), ("conn_long", "zeek_conn"),
        ("http", "zeek_http"), ("http_red", "zeek_http"), ("open_http", "zeek_http"),
        ("dns", "zeek_dns"), ("dns_red", "zeek_dns"), ("ssl", "zeek_ssl"), ("open_ssl", "zeek_ssl"),
        ("files", "zeek_conn"), ("weird", "zeek_conn"),
    ],
)  # fmt: skip
def test_path_tells_the_log(path: str, owner: str, reader: MakeReader) -> None:
    """`_path` and `#path` name the log, whatever the keys; logs of no source belong to zeek_conn, without an event."""
    bare = json.dumps({"_path": path, **OBJECT})
    for text in (f"#path\t{path}", f"#path\t/data/zeek/{path}", bare, bare.replace(": ", ":")):
        assert [name for name in KINDS if reader(name).claims(Line(text)) == CERTAIN] == [owner]
    read_as = reader(owner).read(Line(bare))
    assert isinstance(read_as, Event) is (path not in {"files", "weird"})


@pytest.mark.parametrize("owner", KINDS)
def test_keys_tell_the_log_where_no_path_does(owner: str, reader: MakeReader) -> None:
    """Without `_path`, or with one that somebody chose, the keys that only one log has tell it."""
    for chosen in ({}, {"_path": "perimeter_7"}):
        text = json.dumps(chosen | OBJECT | OWN_KEYS[owner])
        assert [name for name in KINDS if reader(name).claims(Line(text))] == [owner]


def test_a_value_cannot_pass_for_a_key(reader: MakeReader) -> None:
    """Keys quoted inside a value, as any client can send them, claim nothing."""
    forged = json.dumps({"message": '","_path":"conn","ts":1,"id.orig_h":"10.0.0.1","conn_state":"SF"'})
    assert [reader(name).claims(Line(forged)) for name in KINDS] == [NO] * 4


@pytest.mark.parametrize(
    "ts",
    [1772445600.5, 1772445600500, "1772445600.500000", "2026-03-02T10:00:00.500000Z", "2026-03-02T11:00:00.5+0100"],
)
def test_every_form_of_time_is_the_same_instant(ts: float | str, reader: MakeReader) -> None:
    """JSON has epoch seconds, milliseconds, or ISO 8601."""
    assert event(reader("zeek_conn"), json.dumps(OBJECT | {"ts": ts, "conn_state": "SF"})).time == 1_772_445_600_500_000


def test_envelope_fills_what_the_object_lacks(reader: MakeReader) -> None:
    """Time and sensor come from the envelope only where the object has none."""
    bare = {key: value for key, value in OBJECT.items() if key != "ts"} | {"conn_state": "SF"}
    made = reader("zeek_conn")
    found = made.read(Line(json.dumps(bare), sent_at=7, sender="sensor-9"))
    assert isinstance(found, Event)
    assert (found.time, found.observer) == (7, "sensor-9")
    found = made.read(Line(json.dumps(bare | {"ts": 8, "_system_name": "sensor-1"}), sent_at=7, sender="sensor-9"))
    assert isinstance(found, Event)
    assert (found.time, found.observer) == (8_000_000, "sensor-1")
    with pytest.raises(ValueError, match="no time"):
        made.read(Line(json.dumps(bare)))


@pytest.mark.parametrize("separator", ["\t", "|", ";", " ", "::"])
def test_any_separator_and_order(separator: str, reader: MakeReader) -> None:
    """A row is read by the names of its header, in any order, between any separators."""
    names = "uid id.resp_h id.resp_p ts conn_state id.orig_h id.orig_p"
    row = separator.join(["C1", "192.0.2.1", "443", "1.5", "SF", "10.0.0.1", "5000"])
    found = event(reader("zeek_conn"), *header("conn", names, separator), row)
    assert (found.time, found.src_ip, found.dst_port, found.connection_id) == (1_500_000, "10.0.0.1", 443, "C1")


def test_separator_is_learnt_without_its_own_line(reader: MakeReader) -> None:
    """A reader that was only shown the `#fields` line splits by what stands between its names."""
    found = event(reader("zeek_conn"), "#fields|ts|uid|id.orig_h|conn_state", "1.5|C1|10.0.0.1|SF")
    assert (found.src_ip, found.outcome) == ("10.0.0.1", "sf")


def test_marks_for_nothing_are_the_headers_own(reader: MakeReader) -> None:
    """A header's own marks mean nothing, and then the usual ones mean themselves; a new header starts afresh."""
    names, row = "ts uid id.orig_h method host uri user_agent", "1.5\tC1\t10.0.0.1\tGET\ta.example\t/\t{}"
    made = reader("zeek_http")
    read(made, header("http", names, unset_field="NULL", empty_field="NONE"))
    assert [event(made, row.format(agent)).user_agent for agent in ("NULL", "NONE", "", "-")] == [None, None, None, "-"]
    read(made, header("http", names))
    assert [event(made, row.format(agent)).user_agent for agent in ("-", "(empty)", "NULL")] == [None, None, "NULL"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\x09b", "a\tb"),
        (r"\x2d", "-"),
        (r"J\xc3\xb6rg", "Jörg"),
        (r"J\xf6rg", "Jörg"),
        (r"a\\x41", r"a\x41"),
        (r"a\xzz", r"a\xzz"),
        ("Jörg €", "Jörg €"),
        (r"€ \x41", "€ A"),
    ],
)
def test_escapes_of_the_tsv_writer(written: str, meant: str) -> None:
    r"""`\xHH` is a byte, of UTF-8 where the bytes are, and a doubled backslash is one."""
    assert _zeek._plain(written) == meant


def test_sets_are_split_before_they_are_unescaped(reader: MakeReader) -> None:
    """A separator inside an element is escaped, so it splits nothing."""
    names = "ts uid id.orig_h query qtype_name answers"
    found = event(
        reader("zeek_dns"), *header("dns", names), "1.5\tC1\t10.0.0.1\ta.example\tA\tb.example,x\\x2cy,192.0.2.1"
    )
    assert found.answers == ("b.example", "192.0.2.1")


@pytest.mark.parametrize(
    ("owner", "rest"),
    [
        ("zeek_conn", "tcp\tssl\t0.843210\t912"),
        ("zeek_conn", "udp\t-\t-\t-"),
        ("zeek_dns", "udp\t4711\t0.012400\ta.example"),
        ("zeek_http", "1\tGET\ta.example\t/"),
        ("zeek_ssl", "TLSv13\tTLS_AES_128_GCM_SHA256\tx25519\ta.example"),
    ],
)
def test_rows_without_a_header_are_refused_by_their_source(owner: str, rest: str, reader: MakeReader) -> None:
    """A row of the usual columns that no header precedes is claimed only to say what is amiss."""
    row = f"1772445600.500000\tCAaaaaaaaaaaaaaaa1\t10.0.0.1\t5000\t192.0.2.1\t443\t{rest}"
    assert {name: surety for name in KINDS if (surety := reader(name).claims(Line(row)))} == {owner: POSSIBLE}
    assert reader(owner).read(Line(row)) == Reject("no #fields line before it")


def test_the_option_names_the_columns(reader: MakeReader) -> None:
    """With the option `fields`, a log without its header is read."""
    told = reader("zeek_conn", fields="ts,uid,id.orig_h,id.orig_p id.resp_h id.resp_p proto conn_state")
    row = "1772445600.500000\tCAaaaaaaaaaaaaaaa1\t10.0.0.1\t5000\t192.0.2.1\t443\ttcp\tSF"
    assert told.claims(Line(row)) == CERTAIN
    assert event(told, row).outcome == "sf"


def test_short_rows_are_claimed_and_refused(reader: MakeReader) -> None:
    """A cut row below a header is still this log's, and a reject says how many fields it has."""
    made = reader("zeek_conn")
    read(made, header("conn", "ts uid id.orig_h conn_state"))
    assert [made.claims(Line(text)) for text in ("1\tC1\t10.0.0.1\tSF", "1\tC1", "word")] == [CERTAIN, LIKELY, NO]
    assert made.read(Line("1\tC1")) == Reject("2 fields, expected 4")


def routed(texts: Iterable[str]) -> tuple[list[tuple[str, str]], FileAccount]:
    """Read lines as the engine does: each goes to one of all sources."""
    make = {name: cast("Callable[[Setup], Reader]", source.reader) for name, source in sources().items()}
    account = FileAccount(path="x")
    router = Router({name: build(Setup(Clock())) for name, build in make.items()}, account, Ledger())
    events = [router.read(text.encode(), number) for number, text in enumerate(texts, 1)]
    return [(found.source, found.table) for found in events if found is not None], account


def test_one_file_of_all_logs() -> None:
    """Through the engine, each section of a file of joined logs goes to its source; other logs give nothing."""
    ends, row = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p", "1772445600.5\tC1\t10.0.0.1\t5000\t192.0.2.1\t443"
    found, account = routed([
        *header("dns", f"{ends} proto query qtype_name"), f"{row}\tudp\ta.example\tA",
        "#close\t2026-03-02-11-00-00",
        *header("files", "ts fuid source"), "1772445600.5\tF1\tSSL",
        *header("ssl", f"{ends} cipher server_name"), f"{row}\tX\ta.example",
        *header("http", f"{ends} method host uri request_body_len"), f"{row}\tGET\ta.example\t/\t0",
        "\t".join(f"{ends} conn_state duration".split()), f"{row}\tSF\t1.0", f"{row}\tSF",
        json.dumps(OBJECT | OWN_KEYS["zeek_ssl"]),
        json.dumps({"_path": "stats", "ts": 1.5, "mem": 3}),
    ])  # fmt: skip
    assert found == [
        ("zeek_dns", DNS), ("zeek_ssl", NETWORK), ("zeek_http", HTTP), ("zeek_conn", NETWORK), ("zeek_ssl", NETWORK),
    ]  # fmt: skip
    assert (account.unknown, account.rejected) == (0, 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
def test_any_values_are_read_or_refused(name: str, data: st.DataObject) -> None:
    """Whatever the fields hold, reading raises nothing but ValueError, and numbers are numbers."""
    keys = [field.encode_name for field in msgspec.structs.fields(RECORDS[name])]
    values = data.draw(st.dictionaries(st.sampled_from(keys), VALUES))
    made = _made(name)
    with suppress(ValueError):
        found = made.read(Line(json.dumps(OBJECT | OWN_KEYS[name] | values)))
        if isinstance(found, Event):
            numbers = (
                found.src_port,
                found.dst_port,
                found.bytes_up,
                found.bytes_down,
                found.duration_ms,
                found.status,
            )
            assert all(value is None or (type(value) is int and value >= 0) for value in numbers)


@pytest.mark.parametrize("name", KINDS)
@given(
    texts=st.lists(
        st.text() | st.sampled_from(["#fields\t", "#separator ", "#path\t", '{"ts":', "#unset_field"]), max_size=5
    )
)
def test_any_text_is_read_or_refused(name: str, texts: list[str]) -> None:
    """Whatever the lines, claiming raises nothing and reading nothing but ValueError."""
    made = _made(name)
    for text in (*texts, "".join(texts), *header("conn", "ts uid id.orig_h conn_state"), *texts):
        made.claims(Line(text))
        with suppress(ValueError):
            made.read(Line(text))


def _made(name: str) -> Reader:
    return cast("Callable[[Setup], Reader]", sources()[name].reader)(Setup(Clock()))


def test_readers_do_not_share_a_header() -> None:
    """What one reader learnt of a file is not another's."""
    one, other = ConnReader(Setup(Clock())), ConnReader(Setup(Clock()))
    read(one, header("conn", "ts uid id.orig_h conn_state"))
    assert other.claims(Line("1\tC1\t10.0.0.1\tSF")) == NO


@pytest.mark.parametrize("name", KINDS)
def test_the_ends_may_have_no_dots(name: str) -> None:
    """`id_orig_h` (another separator of scopes) and an object `id` name the ends as `id.orig_h` does."""
    reader = sources()[name].reader
    plain = {**OBJECT, **OWN_KEYS[name]}
    under = {key.replace("id.", "id_"): value for key, value in plain.items()}
    nested = {key: value for key, value in plain.items() if key not in ENDS}
    nested["id"] = {key.removeprefix("id."): value for key, value in ENDS.items()}
    found = []
    for record in (plain, under, nested):
        line = Line(json.dumps(record))
        made = reader(Setup(Clock()))
        assert made.claims(line) == CERTAIN
        found.append(made.read(line))
    assert isinstance(found[0], Event)
    assert found == [found[0]] * 3


def test_columns_may_have_no_dots() -> None:
    """A TSV log with `id_orig_h` in its header is read, below `#fields` or below a bare row of names."""
    names, row = "ts uid id_orig_h id_orig_p id_resp_h id_resp_p conn_state", "1772445600.5\tC1\t10.0.0.1\t5\t192.0.2.1\t443\tSF"
    for texts in ((*header("conn", names), row), (names.replace(" ", "\t"), row)):
        found = event(ConnReader(Setup(Clock())), *texts)
        assert (found.src_ip, found.dst_ip, found.outcome) == ("10.0.0.1", "192.0.2.1", "sf")


def test_a_row_behind_a_header_of_syslog_s_is_no_row() -> None:
    """Its first cell would be no time: the router takes the header off first."""
    made = ConnReader(Setup(Clock()))
    for text in header("conn", "ts uid id.orig_h"):
        made.read(Line(text))
    assert made.claims(Line("<13>Mar  2 10:00:01 s1 zeek: 1772445600.5\tC1\t10.0.0.1")) == NO
    assert made.claims(Line("1772445600.5\tC1\t10.0.0.1")) == CERTAIN
