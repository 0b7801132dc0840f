"""The rules of `zeek_conn`: whose bytes, and how its flows come to names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.engine.gather import Gatherer
from sferic.model.event import Event, Line
from sferic.model.settings import Settings
from sferic.sources._contract import Reader, sources

MakeReader = Callable[..., Reader]

START_S = 1_772_445_600
ENDS = {"id.orig_h": "10.0.0.1", "id.orig_p": 5000, "id.resp_h": "192.0.2.1", "id.resp_p": 443}


@pytest.mark.parametrize(
    ("logged", "up", "down"),
    [
        ({"orig_bytes": 9, "resp_bytes": 8, "orig_ip_bytes": 90, "resp_ip_bytes": 80}, 9, 8),
        ({"orig_bytes": 0, "resp_bytes": 0, "orig_ip_bytes": 90, "resp_ip_bytes": 80}, 0, 0),
        ({"orig_ip_bytes": 90, "resp_ip_bytes": 0}, 90, 0),
        ({"orig_bytes": 9}, 9, None),
        ({}, None, None),
    ],
)
def test_bytes_are_payload_where_zeek_gives_it(
    logged: dict[str, Any], up: int | None, down: int | None, reader: MakeReader
) -> None:
    """Payload counts, 0 too; only where there is none, the packets' bytes; where nothing is logged, nothing is known."""
    found = reader("zeek_conn").read(Line(json.dumps({"ts": START_S, "conn_state": "SF"} | ENDS | logged)))
    assert isinstance(found, Event)
    assert (found.bytes_up, found.bytes_down) == (up, down)


CONN = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto duration orig_bytes resp_bytes conn_state"
SSL = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p cipher server_name"
HEADER = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{}\n#fields\t{}\n"


def tsv(path: str, names: str, rows: list[str]) -> str:
    """Write a TSV log, with rows of other machines before and after."""
    return HEADER.format(path, "\t".join(names.split())) + "".join(f"{row}\n" for row in rows)


def as_json(names: str, rows: list[str]) -> str:
    """Write the same rows as JSON without `_path`."""
    objects = (dict(zip(names.split(), row.split("\t"), strict=True)) for row in rows)
    return "".join(json.dumps(found | {"ts": float(found["ts"])}) + "\n" for found in objects)


@pytest.mark.parametrize("form", ["tsv", "json"])
def test_flows_get_their_names_from_the_handshakes(form: str, tmp_path: Path) -> None:
    """A hunt over conn.log and ssl.log names each flow by its connection's uid, and says so, whatever the form."""
    flows = [f"{START_S + 60 * i}\tC{i}\t10.0.0.1\t5000\t192.0.2.1\t443\ttcp\t1.5\t900\t4000\tSF" for i in range(5)]
    flows += [f"{START_S + 60 * i}\tCo{i}\t10.0.0.9\t5000\t198.51.100.7\t443\ttcp\t1.5\t1\t1\tSF" for i in range(5)]
    shakes = [
        f"{START_S + 60 * i}.2\tC{i}\t10.0.0.1\t5000\t192.0.2.1\t443\tX\tsynthetic-demo.workers.dev" for i in range(5)
    ]
    for path, names, rows in (("conn", CONN, flows), ("ssl", SSL, shakes)):
        text = tsv(path, names, rows) if form == "tsv" else as_json(names, rows)
        (tmp_path / f"{path}.log").write_text(text, encoding="utf-8")
    chosen = {name: source for name, source in sources().items() if name in {"zeek_conn", "zeek_ssl"}}
    gathered = Gatherer(load_catalogue([]), chosen, Settings()).gather([str(tmp_path)])
    assert (gathered.tally.linked, gathered.tally.joined) == (5, 0)
    joined = gathered.traffic.up[gathered.traffic.up >= 0]
    assert joined.tolist() == [900] * 5
