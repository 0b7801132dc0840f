"""From a file's first byte to its events: encodings, line ends, exports, clocks, and an account that adds up."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sferic.model.report import FileAccount
from sferic.model.settings import Limits

Read = Any


def only(account: Any) -> FileAccount:
    """Give the account of the only file."""
    (file,) = account.files
    found: FileAccount = file
    return found


def moment(event: Any) -> str:
    """Give an event's time to the minute."""
    return datetime.fromtimestamp(event.time / 1e6, UTC).strftime("%Y-%m-%d %H:%M")


def test_the_books_add_up(gather: Read, lines: ModuleType, tmp_path: Path) -> None:
    """Of a hunt's lines, the selected are events, rejects, unknown, or known lines without an event; none is lost."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(
        lines.squid(1), lines.squid(2, "www.example.com"), lines.squid(3).replace(" CONNECT ", " "), lines.squid(4),
        f"a note about {lines.HOST}", "a note", "", lines.squid(5, "www.example.net"), "#Fields: date time c-ip cs-host",
    ))  # fmt: skip
    file = gather(path).ledger.files[0]
    assert (file.lines, file.bytes) == (9, path.stat().st_size)
    assert (file.events, file.rejected, file.unknown) == (2, 1, 1)
    assert file.selected == file.events + file.rejected + file.unknown + 1, "the header is known and no event"
    assert file.sources["squid_access"] == file.events


def test_normalization_reads_every_line(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """Nothing is filtered by platform: every line is selected, and every event comes in the order of the input."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.squid(9), lines.squid(2, "www.example.com"), "", "noise", lines.asa(3)))
    found = everything(path)
    assert [(e.line, e.dst_host) for e in found.events] == [(1, lines.HOST), (2, "www.example.com"), (5, None)]
    file = only(found.account)
    assert (file.lines, file.selected, file.events, file.unknown) == (5, 5, 3, 1)
    assert found.account.first_time == found.events[1].time
    assert found.account.last_time == found.events[0].time


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.encode(),
        lambda text: text.encode().replace(b"\n", b"\r\n"),
        lambda text: text.encode().removesuffix(b"\n"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.replace("\n", "\r\n").encode("utf-16")),
    ],
    ids=["lf", "crlf", "no final newline", "utf-8 mark", "utf-16", "gzipped utf-16 crlf"],
)
def test_encodings_and_line_ends(
    everything: Read, gather: Read, lines: ModuleType, tmp_path: Path, write: Callable[[str], bytes]
) -> None:
    """The same log in another encoding or with other line ends gives the same events at the same lines."""
    text = lines.log(lines.squid(1), lines.squid(2), lines.stream_http(3)).decode()
    path = tmp_path / "x.log"
    path.write_bytes(write(text))
    found = everything(path)
    assert [(e.line, e.dst_host) for e in found.events] == [(n, lines.HOST) for n in (1, 2, 3)]
    assert found.events[2].user_agent == "demo-agent/1.0"
    assert len(gather(path).traffic) == 3
    assert only(found.account).problem == ""


def test_nul_bytes_and_foreign_bytes(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """NUL bytes and bytes of no encoding spoil the line that holds them at most, not its neighbours."""
    good = lines.squid(1).encode()
    path = tmp_path / "x.log"
    path.write_bytes(
        b"\n".join([good, good.replace(b"10.1", b"1\x00"), good + b" \xe4\xf6\xfc", bytes(9) + good, good])
    )
    found = everything(path)
    assert {1, 3, 5} <= {e.line for e in found.events}
    assert only(found.account).lines == 5


def test_terminal_escapes_stay_data(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """Escapes in a line come through as data in events and samples; making them safe is the renderers' work."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.stream_http(1, http_user_agent="\x1b[2Jx"), "\x1b[31mnoise"))
    found = everything(path)
    assert found.events[0].user_agent == "\x1b[2Jx"
    assert found.account.unknown_samples[0].text == "\x1b[31mnoise"


def test_long_lines_have_their_number(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """Each line beyond the cap is a reject at its own line; the lines between keep theirs."""
    parts: list[str] = []
    for number in range(5):
        parts += [lines.squid(number), "x" * (2000 + 5000 * number)]
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(*parts))
    found = everything(path, limits=Limits(line_bytes=1024))
    assert [e.line for e in found.events] == [1, 3, 5, 7, 9]
    assert only(found.account).rejected == 5
    assert [s.place for s in found.account.reject_samples] == [f"{path}:{n}" for n in (2, 4, 6)]
    assert found.account.reject_reasons[0].count == 5
    assert only(found.account).bytes == path.stat().st_size


def test_a_million_fields(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """A line of a million fields, within a raised cap, is one line that no source can read."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.squid(1), "a " * 1_000_000, lines.squid(2)))
    found = everything(path, limits=Limits(line_bytes=4 << 20))
    assert [e.line for e in found.events] == [1, 3]
    assert only(found.account).unknown + only(found.account).rejected == 1


def raw_export(lines: ModuleType) -> list[str]:
    """Give lines of several products, one of them with quotes."""
    return [lines.squid(1), lines.pan_url(2), lines.stream_http(3), lines.asa(4)]


def test_splunk_json_export(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """Lines in Splunk's JSON export are read as themselves."""
    rows = [
        json.dumps({"preview": False, "offset": n, "result": {"_raw": raw}}) for n, raw in enumerate(raw_export(lines))
    ]
    path = tmp_path / "export.json"
    path.write_bytes(lines.log(*rows, json.dumps({"preview": False, "lastrow": True})))
    found = everything(path)
    assert [(e.line, e.source) for e in found.events] == [
        (1, "squid_access"), (2, "panos_threat"), (3, "splunk_stream"), (4, "cisco_asa"),
    ]  # fmt: skip
    assert (only(found.account).rejected, only(found.account).unknown) == (0, 0)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_splunk_csv_export(everything: Read, gather: Read, lines: ModuleType, tmp_path: Path, end: str) -> None:
    """Lines in Splunk's CSV export are read as themselves, also where a cell spans lines; places are where rows begin."""
    cells = ['"' + raw.replace('"', '""') + '"' for raw in [*raw_export(lines), "two\nlines", lines.squid(9)]]
    text = "".join(f"{cell},x{end}" for cell in ['"_raw"', *cells])
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode())
    found = everything(path)
    assert [(e.line, e.source) for e in found.events] == [
        (2, "squid_access"), (3, "panos_threat"), (4, "splunk_stream"), (5, "cisco_asa"), (8, "squid_access"),
    ]  # fmt: skip
    file = only(found.account)
    assert (file.lines, file.selected, file.unknown, file.bytes) == (8, 6, 1, len(text))
    hunted = gather(path).ledger.files[0]
    assert (hunted.lines, hunted.selected, hunted.events, hunted.unknown) == (8, 5, 5, 0), (
        "the flow of the last product is named by the second's line"
    )


def test_a_csv_row_that_ends_early(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """A row without its raw cell is a reject; a cell beyond the cap is one too, and reading goes on behind it."""
    path = tmp_path / "export.csv"
    path.write_bytes(
        lines.log('host,"_raw"', "h", f'h,"{"x" * 5000}"', f'h,"{lines.squid(1)}"', f'h,"{lines.squid(2)}')
    )
    found = everything(path, limits=Limits(line_bytes=1024))
    assert [e.line for e in found.events] == [4, 5]
    assert sorted(s.place for s in found.account.reject_samples) == [f"{path}:2", f"{path}:3"]


def test_a_json_array(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """A JSON array with an object a line, as exports write it, is read object by object."""
    rows = [lines.stream_http(n) for n in range(3)]
    path = tmp_path / "x.json"
    path.write_bytes(("[" + ",\n".join(rows) + "]\n").encode())
    assert [e.line for e in everything(path).events] == [1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "2026-03-02 10:00"),
        ({"timezone": "Europe/Berlin"}, "2026-03-02 09:00"),
        ({"timezone": "-05:00"}, "2026-03-02 15:00"),
        ({"timezone": "UTC", "source_options": {"panos_traffic": {"timezone": "Asia/Tokyo"}}}, "2026-03-02 01:00"),
        ({"source_options": {"panos_threat": {"timezone": "Asia/Tokyo"}}}, "2026-03-02 10:00"),
    ],
)
def test_time_zones(
    everything: Read, lines: ModuleType, tmp_path: Path, settings: dict[str, Any], expected: str
) -> None:
    """A line without a zone is in the setting's; one set for its source comes before; another source's is no matter."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.pan_traffic(0)))
    assert [moment(e) for e in everything(path, **settings).events] == [expected]


def test_a_line_with_its_own_zone_needs_none(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """An epoch stamp is the same instant under every setting."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.squid(0)))
    assert [moment(e) for e in everything(path, timezone="Asia/Tokyo").events] == ["2026-03-02 10:00"]


@pytest.mark.parametrize(
    ("written", "settings", "year"),
    [
        (datetime(2024, 3, 5, tzinfo=UTC), {}, 2024),
        (datetime(2024, 1, 5, tzinfo=UTC), {}, 2023),
        (datetime(2031, 1, 5, tzinfo=UTC), {"until": 1_577_836_800_000_000}, 2019),
    ],
)
def test_a_stamp_without_a_year(
    everything: Read, lines: ModuleType, tmp_path: Path, written: datetime, settings: dict[str, Any], year: int
) -> None:
    """A stamp without a year is of the latest year that does not lie after the file's date, or after `--until`."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.asa(0).replace(" 2026 ", " ")))
    os.utime(path, (written.timestamp(), written.timestamp()))
    assert [moment(e)[:4] for e in everything(path, **settings).events] == [str(year)]


def test_since_and_until(everything: Read, gather: Read, lines: ModuleType, tmp_path: Path) -> None:
    """`--since` is inside, `--until` is not; what lies outside is counted by a hunt, not lost."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(*[lines.squid(n) for n in range(5)]))
    window = {n: (lines.START_S + s) * 1_000_000 + 250_000 for n, s in (("since", 1), ("until", 3))}
    assert [e.line for e in everything(path, **window).events] == [2, 3]
    found = gather(path, **window)
    assert (len(found.traffic), found.period.outside) == (2, 3)


def test_only_one_source(everything: Read, lines: ModuleType, tmp_path: Path) -> None:
    """With a source insisted on, other products' lines are unknown."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.squid(1), lines.asa(2)))
    found = everything(path, only_sources=("cisco_asa",))
    assert [e.source for e in found.events] == ["cisco_asa"]
    assert only(found.account).unknown == 1


def test_a_mapping_that_fits_nothing_is_said(everything: Read, tmp_path: Path) -> None:
    """Where a mapping was given and no line is known, the refusal says that it is the mapping."""
    (tmp_path / "m.toml").write_text('[fields]\ntime = "When"\nsrc_ip = "Who"\ndst_host = "Where"\n')
    path = tmp_path / "x.csv"
    path.write_text("when,who,where\n2026-03-02,10.0.0.5,a.example\n")
    found = everything(path, source_options={"user_mapping": {"file": str(tmp_path / "m.toml")}})
    assert "your mapping does not fit it" in only(found.account).problem


def test_the_start_and_the_end_stamp(everything: Read, gather: Read, lines: ModuleType, tmp_path: Path) -> None:
    """Events carry the log's own stamp; a hunt leads the end of a request back to its beginning."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.squid(10)))
    (event,) = everything(path).events
    assert (event.time, event.duration_ms) == ((lines.START_S + 10) * 1_000_000 + 250_000, 57)
    assert gather(path).traffic.time_s.tolist() == pytest.approx([lines.START_S + 10.193], abs=1e-6)
