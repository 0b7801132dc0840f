"""What readers do faster for the common shape of a line gives what the general way gives."""

from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line
from sferic.sources import bluecoat_proxysg, squid_access
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, Setup
from sferic.sources._fields import NOTHING, text
from sferic.sources._syslog import _ISO, iso_time, iso_us
from sferic.sources._zscaler import Pairs

CLOCK = Clock()
SQUID = squid_access.Reader(Setup(CLOCK))
URLS = ["fn.lab.workers.dev:443", "http://fn.lab.workers.dev", "https://u@fn.lab.workers.dev:8443/a?b=/c#d", "http:///x/y",
        "http://fn.lab.workers.dev?x=/y", "fn.lab.workers.dev/x", "error:invalid-request", "-", "http://192.0.2.7/", "[2001:db8::7]:443"]  # fmt: skip
native_lines = st.builds(
    " ".join,
    st.tuples(
        st.sampled_from(["1772409600.123", "1772409600.12", "99999999.000", "١٧٧٢٤٠٩٦٠٠.123"]),
        st.sampled_from(["120", "    12", "-1", "0", "999999999999"]),
        st.sampled_from(["192.0.2.14", "2001:db8::1", "-", "client.example"]),
        st.sampled_from(["TCP_TUNNEL/200", "TCP_DENIED/403", "NONE/000", "UDP_MISS/000", "TAG_NONE/400", "TCP_MISS_ABORTED/599"]),
        st.sampled_from(["0", "4821", "-", "-1", "9" * 18, "9" * 19]),
        st.sampled_from(["CONNECT", "GET", "NONE", "ICP_QUERY", "PROPFIND", "get"]),
        st.sampled_from(URLS),
        st.sampled_from(["-", "alice", "al%20ice", "%ff", '"alice"']),
        st.sampled_from(["HIER_DIRECT/203.0.113.9", "HIER_NONE/-", "TIMEOUT_HIER_DIRECT/203.0.113.9", "PARENT_HIT/203.0.113.9",
                         "ORIGINAL_DST/2001:db8::9", "-/-"]),
        st.sampled_from(["-", "text/html", "text/html;x", "text/html extra"]),
    ),
)  # fmt: skip


@given(native_lines)
def test_squid_reads_the_common_form_as_any_other(line: str) -> None:
    """A native line read in one step gives the event of the general way, and is claimed."""
    cells = squid_access._common(line)
    if cells is None:
        return
    layout, values = SQUID._values(line)
    assert values is not None
    assert squid_access._common_event(cells, "sender") == SQUID._event(
        values, layout.time(values, CLOCK), Line(line, sender="sender")
    )
    assert SQUID.claims(Line(line)) == CERTAIN


def test_squid_takes_the_short_way() -> None:
    """The line that proxies write by the million is in the common form."""
    line = "1772409600.123    120 192.0.2.14 TCP_TUNNEL/200 4821 CONNECT fn.lab.workers.dev:443 alice HIER_DIRECT/203.0.113.9 -"
    assert squid_access._common(line)
    event = SQUID.read(Line(line))
    assert isinstance(event, Event)
    assert (event.dst_host, event.dst_port, event.time) == ("fn.lab.workers.dev", 443, 1_772_409_600_123_000)


PIECES = st.sampled_from(['"', " ", "  ", "a", "-", "[", "]", "\t", '""', "b c", '" "', "é", "\x0b", 'x"y', "\xa0"])


@given(st.lists(PIECES, max_size=14).map("".join))
def test_proxysg_cuts_a_row_as_its_expression_does(row: str) -> None:
    """Cutting at quotes and spaces gives the values that the expression finds, in any row."""
    assert bluecoat_proxysg._tokens(row) == bluecoat_proxysg._TOKEN.findall(row)


CELLS = st.sampled_from(
    ["url=a/b", "URL=c", " url =d", "a=b=c", "a=", "=x", "nothing", "", "action=Allowed", "x" * 70 + "=1"]
)
HEADS = st.sampled_from(["2026-03-02 09:15:00", "<134>Mar  2 09:15:05 nss-1 2026-03-02 09:15:05", "url=z", "", "junk"])
tab_lines = st.builds(lambda head, cells: "\t".join([head, *cells]), HEADS, st.lists(CELLS, max_size=5))


@given(st.lists(tab_lines, max_size=8))
def test_zscaler_remembers_places_not_values(lines: list[str]) -> None:
    """A reader that has seen other lines reads a line as a new one does."""
    used = Pairs()
    for line in lines:
        assert used.read(line) == Pairs().read(line)


@given(st.sampled_from(sorted(NOTHING)) | st.text(max_size=20), st.sampled_from(["", " ", '"', "\u2003"]))
def test_text_is_what_remains_of_quotes_and_space(word: str, around: str) -> None:
    """Text is stripped, taken out of quotes, and None if it is a word for nothing, however it is written."""
    for spelling in (word, word.upper(), word.title()):
        value = f"{around}{spelling}{around}"
        bare = value.strip()
        if len(bare) > 1 and bare[0] == bare[-1] == '"':
            bare = bare[1:-1].replace('""', '"')
        assert text(value) == (None if bare.lower() in NOTHING else bare)


@given(st.text("0123456789-/:T Z.", min_size=17, max_size=21) | st.datetimes().map(lambda t: f"{t:%Y-%m-%d %H:%M:%S}"))
def test_times_of_one_shape_are_read_like_others(written: str) -> None:
    """A calendar time read by its minute is the time that the general expression gives, or an error for both."""
    match = _ISO.match(written)
    try:
        expected = iso_us(match, CLOCK) if match else None
    except ValueError:
        expected = None
    try:
        found = iso_time(written, CLOCK)
    except ValueError:
        found = None
    assert found == expected
