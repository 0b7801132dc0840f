from hypothesis import given
from hypothesis import strategies as st

from sferic.sources._cef import MAX_PAIRS, Message, delimited, moment, parse, spaced
from sferic.sources._clock import Clock, zone

UTC_CLOCK = Clock()
MARCH_1 = 1_772_398_102_000_000  # 2026-03-01 20:48:22 UTC


def read(text: str) -> Message:
    """Parse a line that must be a message."""
    message = parse(text)
    assert message is not None
    return message


def test_a_cef_line_behind_a_syslog_header_gives_header_parts_and_pairs() -> None:
    """The message is found wherever it begins, and header and extension are told apart."""
    message = read("<14>Mar  1 20:48:22 fw CEF:0|Acme|Gate|1.2|100|Web request|3|src=192.0.2.1 act=allow")
    assert (message.vendor, message.product, message.version) == ("Acme", "Gate", "1.2")
    assert (message.event_id, message.name) == ("100", "Web request")
    assert message.fields == {"src": "192.0.2.1", "act": "allow"}


def test_a_header_without_a_severity_still_gives_its_pairs() -> None:
    """PAN-OS leaves the severity out of its GlobalProtect header; the first pair is not swallowed."""
    assert read("CEF:0|Acme|Gate|1|GP|0|rt=1 act=b").fields == {"rt": "1", "act": "b"}


def test_values_with_spaces_end_where_the_next_key_begins() -> None:
    """A space does not end a value, and an equals sign in a URL does not begin a key."""
    fields = spaced("app=General Browsing request=example.com/a?b=c&d=e reason=it was = odd out=12")
    assert fields == {
        "app": "General Browsing",
        "request": "example.com/a?b=c&d=e",
        "reason": "it was = odd",
        "out": "12",
    }


def test_escapes_are_undone_and_a_user_behind_a_single_backslash_survives() -> None:
    r"""`\=`, `\\` and `\|` are escapes; `corp\nancy` holds no line break."""
    message = read(r"CEF:0|Ac\|me|Gate|1|1|x|3|request=e.com/?a\=b suser=corp\\alice duser=corp\nancy")
    assert message.vendor == "Ac|me"
    assert message.fields == {"request": "e.com/?a=b", "suser": r"corp\alice", "duser": r"corp\nancy"}


def test_a_key_that_occurs_twice_keeps_its_first_value() -> None:
    """A later pair, which a log's subject may have written, cannot replace an earlier one."""
    assert spaced("src=192.0.2.1 msg=hello src=203.0.113.9")["src"] == "192.0.2.1"


def test_custom_fields_are_found_by_their_label_whichever_comes_first() -> None:
    """`cn3Label=Elapsed time` names the value of `cn3`, before or after it, in any case."""
    message = read("CEF:0|A|B|1|1|x|3|cn3Label=Elapsed time cn3=12 cs1=allow all cs1Label=Rule")
    assert message.labelled("elapsed time") == "12"
    assert message.labelled("Policy", "rule") == "allow all"
    assert message.labelled("nothing") is None


def test_the_first_key_with_a_value_wins() -> None:
    """Vendors rename keys between versions; empty values do not count."""
    message = read("CEF:0|A|B|1|1|x|3|start= rt=5")
    assert message.get("start", "rt") == "5"
    assert message.get("end") is None


def test_leef_1_is_split_at_tabs_or_at_pipes() -> None:
    """The standard says tabs, PAN-OS writes pipes; keys with a stray space are read too."""
    want = {"cat": "TRAFFIC", "usrname": r"corp\alice", "rulename": "allow all"}
    tabs = "LEEF:1.0|Acme|Gate|1|allow|cat=TRAFFIC\tusrName=corp\\alice\tRuleName=allow all"
    assert read(tabs).fields == want
    assert read("LEEF:1.0|Acme|Gate|1|allow|cat=TRAFFIC|usrName =corp\\alice|RuleName =allow all").fields == want


def test_leef_2_declares_its_delimiter_as_a_character_in_hex_or_not_at_all() -> None:
    """`^`, `x5E`, `0x5e`, an empty field, a tab and no field at all are all understood."""
    want = {"src": "192.0.2.1", "url": "e.com/a b"}
    for declared, sign in (("^", "^"), ("x5E", "^"), ("0x5e", "^"), ("x7C", "|"), ("", "\t"), ("\t", "\t")):
        line = f"LEEF:2.0|Acme|Gate|1|9|{declared}|src=192.0.2.1{sign}url=e.com/a b"
        assert read(line).fields == want, declared
    assert read("LEEF:2.0|Acme|Gate|1|9|src=192.0.2.1\turl=e.com/a b").fields == want


def test_leef_whose_tabs_became_spaces_is_still_read() -> None:
    """Collectors that squeeze white space leave pairs that can be split as CEF is."""
    assert read("LEEF:2.0|A|B|1|9| |src=192.0.2.1 url=e.com/a").fields == {
        "src": "192.0.2.1",
        "url": "e.com/a",
    }


def test_other_text_is_no_message() -> None:
    """A line that mentions CEF is not CEF."""
    assert parse("CEF: the format of the day | a | b") is None
    assert parse("") is None


def test_a_line_of_endless_pairs_costs_bounded_work() -> None:
    """Pairs beyond the cap are ignored."""
    assert len(spaced(" ".join(f"k{i}=v" for i in range(3 * MAX_PAIRS)))) <= MAX_PAIRS
    assert len(delimited("|".join(f"k{i}=v" for i in range(3 * MAX_PAIRS)), "|")) <= MAX_PAIRS


def test_times_are_read_in_every_form_cef_allows() -> None:
    """Epoch milliseconds, a calendar time with and without its zone, and ISO 8601 name the same moment."""
    east = Clock(zone("+02:00"))
    for text in (
        "1772398102000",
        "Mar 01 2026 20:48:22",
        "Mar 01 2026 20:48:22.000 GMT",
        "2026-03-01T20:48:22Z",
    ):
        assert moment(text, UTC_CLOCK) == MARCH_1, text
    assert moment("Mar 01 2026 22:48:22", east) == MARCH_1
    assert moment("Mar 01 2026 20:48:22 GMT", east) == MARCH_1
    assert moment("Mar 01 2026 20:48:22", east, utc=True) == MARCH_1


@given(st.text())
def test_no_text_makes_the_parser_fail(text: str) -> None:
    """Arbitrary text behind either header is read or ignored, never an error."""
    for prefix in (
        "",
        "CEF:0|",
        "CEF:0|A|B|1|1|x|3|",
        "LEEF:1.0|A|B|1|9|",
        "LEEF:2.0|A|B|1|9|",
        "LEEF:2.0|A|B|1|9|x",
    ):
        message = parse(prefix + text)
        assert message is None or all(key == key.lower() for key in message.fields)
