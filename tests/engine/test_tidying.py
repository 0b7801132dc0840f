"""Rows of one connection become one, announcements of connections go, look-ups are no calls."""

import types
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.catalog.platforms import Place, load_catalogue
from sferic.engine.tidying import (
    LEG_S,
    behind_proxies,
    of_other_owners,
    one_row_a_connection,
    one_row_while_open,
    shown,
    without_openings,
)
from sferic.model.traffic import INTERVAL, IS_TUNNEL, JOINED, LINKED, OPENING, UNKNOWN


def columns(*rows: dict[str, Any]) -> dict[str, Any]:
    """Build columns from rows that name only what matters."""
    usual = {
        "time_s": 0, "source": 0, "client": 1, "method": UNKNOWN, "up": UNKNOWN, "down": UNKNOWN, "total": UNKNOWN,
        "duration_ms": UNKNOWN, "flags": 0, "link": 0, "host": 7, "other_host": UNKNOWN, "port": UNKNOWN,
        "file": 0, "line": 1,
    }  # fmt: skip
    return {name: np.array([row.get(name, value) for row in rows]) for name, value in usual.items()}


def test_conn_and_ssl_are_one_row_with_the_name_and_the_bytes() -> None:
    """The row that names the host itself stays, from the connection's beginning, with the flow's amounts."""
    found = one_row_a_connection(
        columns(
            {"time_s": 10, "link": 5, "flags": JOINED | IS_TUNNEL, "up": 900, "down": 4000, "duration_ms": 70},
            {"time_s": 11, "link": 5, "host": 8, "flags": IS_TUNNEL},
        )
    )
    assert len(found["time_s"]) == 1
    assert [int(found[n][0]) for n in ("time_s", "host", "up", "down", "duration_ms")] == [10, 8, 900, 4000, 70]


def test_a_flow_named_by_its_connection_points_to_the_line_that_has_the_name() -> None:
    """The row is the flow's, its place that of the row that named it; where no row here did, it keeps its own."""
    flow = {"time_s": 10, "link": 5, "flags": LINKED | IS_TUNNEL, "up": 900, "line": 3}
    named = {"time_s": 11, "link": 5, "flags": IS_TUNNEL, "file": 1, "line": 8}
    for rows, place in (((flow, named), [1, 8, 0]), ((flow,), [0, 3, LINKED])):
        found = one_row_a_connection(columns(*rows))
        assert [int(found["file"][0]), int(found["line"][0]), int(found["flags"][0] & LINKED)] == place
        assert found["up"].tolist() == [900]


def test_requests_of_one_connection_stay_and_its_flow_goes() -> None:
    """Three requests over one kept connection are three calls; their flow row would be a fourth."""
    flow = {"time_s": 10, "link": 5, "up": 9000, "flags": IS_TUNNEL}
    asks = [{"time_s": 10 + i, "link": 5, "method": 0, "up": 100} for i in range(3)]
    found = one_row_a_connection(columns(flow, *asks))
    assert sorted(found["time_s"].tolist()) == [10, 11, 12]
    assert found["up"].tolist() == [100, 100, 100]


def test_one_request_takes_the_amounts_of_its_connection() -> None:
    """A CONNECT at an explicit proxy has no sizes; the flow of the same connection has them."""
    found = one_row_a_connection(
        columns({"time_s": 10, "link": 5, "up": 800, "down": 3000}, {"time_s": 12, "link": 5, "method": 3})
    )
    assert [int(found[n][0]) for n in ("time_s", "method", "up", "down")] == [12, 3, 800, 3000]


def test_rows_without_a_connection_name_and_other_clients_are_left_alone() -> None:
    """Only rows that a sensor gave the same name, for the same client, belong together."""
    rows = columns({"time_s": 1}, {"time_s": 1}, {"time_s": 1, "link": 5}, {"time_s": 1, "link": 5, "client": 2})
    assert len(one_row_a_connection(rows)["time_s"]) == 4


def interval(time_s: float, lasts_ms: int, **more: int) -> dict[str, Any]:
    """A record of what a connection did within an interval."""
    return {"time_s": time_s, "duration_ms": lasts_ms, "flags": INTERVAL | IS_TUNNEL, "port": 50_000, "up": 10, **more}


def test_records_of_intervals_that_follow_each_other_are_one_connection() -> None:
    """Ten minutes of records are one row, from first to last, with the sum of what was sent; unknown stays unknown."""
    found = one_row_while_open(columns(*(interval(60 * n + 5, 50_000) for n in range(10))))
    assert [found[n].tolist() for n in ("time_s", "duration_ms", "up", "down")] == [[5], [590_000], [100], [UNKNOWN]]


def test_records_of_ten_minutes_follow_each_other_in_ten_minutes() -> None:
    """Where one record of a connection is longer than a minute, all of them are of ten minutes."""
    records = [interval(600 * n + 30, 400_000 if n == 2 else 20_000) for n in range(4)]
    assert one_row_while_open(columns(*records))["time_s"].tolist() == [30]
    short = [interval(600 * n + 30, 20_000) for n in range(4)]
    assert len(one_row_while_open(columns(*short))["time_s"]) == 4, "a minute's records with silence between them"


def test_other_connections_and_pauses_stay_rows_of_their_own() -> None:
    """Another port, another client, another source, a silent interval or a log of whole connections: nothing is merged."""
    for other in ({"port": 50_001}, {"client": 2}, {"source": 1}, {"time_s": 180}, {"flags": IS_TUNNEL}):
        rows = columns(interval(0, 50_000), {**interval(60, 50_000), **other})
        assert len(one_row_while_open(rows)["time_s"]) == 2, other


def test_announcements_go_only_where_the_end_is_logged() -> None:
    """A source that logs only the beginnings of connections keeps them."""
    both = columns({"flags": OPENING | IS_TUNNEL}, {"flags": IS_TUNNEL}, {"source": 1, "flags": OPENING | IS_TUNNEL})
    assert without_openings(both, {0})["source"].tolist() == [0, 1]


def test_an_end_takes_the_place_of_its_announcement_and_an_open_connection_stays() -> None:
    """Of three announced connections the ends of two are logged: two rows with amounts, and the open one without."""
    built = [{"time_s": 10 * i, "link": i, "flags": OPENING | IS_TUNNEL | JOINED} for i in (1, 2, 3)]
    gone = [{"time_s": 10 * i + 1, "link": i, "flags": IS_TUNNEL | JOINED, "total": 500} for i in (1, 2)]
    found = without_openings(one_row_a_connection(columns(*built, *gone)), {0})
    rows = zip(found["time_s"].tolist(), found["total"].tolist(), (found["flags"] & OPENING).tolist(), strict=True)
    assert sorted(rows) == [(10, 500, 0), (20, 500, 0), (30, UNKNOWN, OPENING)]


def places(*owners: str) -> list[Place]:
    """Give places that differ in their owner."""
    made = [load_catalogue().identify(f"x.{owner}.workers.dev") for owner in owners]
    return [place for place in made if place is not None]


def through(pairs: list[tuple[int, int]], listed: int = UNKNOWN) -> list[tuple[int, int]]:
    """Give (client, via) of rows from address 1, each (forwarded, place), with perhaps a listed proxy."""
    rows = columns(*[{"time_s": n} for n in range(len(pairs))])
    rows |= {"forwarded": np.array([f for f, _ in pairs]), "place": np.array([p for _, p in pairs])}
    known = np.zeros(100, bool)
    known[listed] = listed != UNKNOWN
    found = behind_proxies(rows, places("a", "b", "c", "d"), known)
    return list(zip(found["client"].tolist(), found["via"].tolist(), strict=True))


def test_a_proxy_is_known_by_the_crowd_it_names() -> None:
    """Five clients that call three owners: the rows are theirs, by way of the proxy; rows without a header stay."""
    crowd = [(10, 0), (11, 1), (12, 2), (13, 0), (14, 0)]
    assert through([*crowd, (UNKNOWN, 3)]) == [*[(f, 1) for f, _ in crowd], (1, UNKNOWN)]


@pytest.mark.parametrize(
    "pairs",
    [
        [(10, 0), (11, 1), (12, 2), (13, 0)],
        [(10 + n, 0) for n in range(50)],
        [(10 + n, n % 2) for n in range(50)],
        [(10, n % 4) for n in range(50)],
    ],
)
def test_a_header_alone_makes_no_proxy(pairs: list[tuple[int, int]]) -> None:
    """Too few names, or many names invented for one or two owners, leave the rows with their address."""
    assert through(pairs) == [(1, UNKNOWN)] * len(pairs)


def test_a_listed_proxy_is_believed_at_once() -> None:
    """What the settings call a proxy needs no crowd."""
    assert through([(10, 0)], listed=1) == [(10, 1)]
    assert through([(10, 0)], listed=2) == [(1, UNKNOWN)]


def test_a_connect_gets_the_name_that_tls_asked_for() -> None:
    """A sensor before a proxy sees the CONNECT and the handshake behind it; the flow's row adds nothing."""
    connect = {"time_s": 10, "link": 5, "method": 3, "flags": IS_TUNNEL}
    flow, tls = {"time_s": 10, "link": 5, "flags": IS_TUNNEL}, {"time_s": 11, "link": 5, "flags": IS_TUNNEL, "host": 8}
    found = one_row_a_connection(columns(flow, tls, connect))
    assert [(int(h), int(o)) for h, o in zip(found["host"], found["other_host"], strict=True)] == [(7, 8)]


def test_names_that_say_nothing_of_the_tunnel() -> None:
    """The same name, a name that was joined by address, and a clear request before the tunnel give no second name."""
    connect = {"time_s": 10, "link": 5, "method": 3, "flags": IS_TUNNEL}
    tls = {"time_s": 11, "link": 5, "flags": IS_TUNNEL}
    clear = {"time_s": 9, "link": 5, "method": 0, "host": 9}
    for rows in ([connect, tls], [connect, tls | {"host": 8, "flags": IS_TUNNEL | JOINED}], [clear, connect, tls]):
        assert one_row_a_connection(columns(*rows))["other_host"].tolist() == [UNKNOWN] * (len(rows) - 1)


OWNERS: Any = [types.SimpleNamespace(platform=platform, owner=owner) for platform, owner in
          (("apps", "apps"), ("apps", "one"), ("apps", "two"), ("edge", "edge"), ("edge", "three"))]  # fmt: skip


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 4), st.integers(0, 12)), min_size=1, max_size=40))
def test_an_owner_is_shown_by_the_nearest_row_that_has_one(rows: list[tuple[int, int, int]]) -> None:
    """A row that shows only the platform gets the owner that the same client called there next to it, within seconds."""
    rows = sorted(rows, key=lambda row: row[2])
    expected = []
    for at, (client, place, time_s) in enumerate(rows):
        alike = [n for n, (who, what, _) in enumerate(rows)
                 if who == client and OWNERS[what].platform == OWNERS[place].platform != OWNERS[what].owner]  # fmt: skip
        beside = [n for n in (max((n for n in alike if n < at), default=None), min((n for n in alike if n > at), default=None))
                  if n is not None and abs(rows[n][2] - time_s) <= LEG_S / 4]  # fmt: skip
        nearest = min(beside, key=lambda n: abs(rows[n][2] - time_s), default=at)
        expected.append(rows[nearest if OWNERS[place].owner == OWNERS[place].platform else at][1])
    table = {name: np.array(values) for name, values in zip(("client", "place", "time_s"), zip(*rows, strict=True), strict=True)}
    table["time_s"] = table["time_s"] * 4.0
    found: Any = shown(table, OWNERS)
    assert found.tolist() == expected


def test_names_of_one_owner_are_no_second_name() -> None:
    """Each pair is judged once, whatever the rows; UNKNOWN stays."""
    hosts, asked = ["a.one", "b.one", "c.two"], []

    def same(one: str, other: str) -> bool:
        asked.append((one, other))
        return one[2:] == other[2:]

    pairs = [(0, 1), (0, 2), (0, 1), (1, UNKNOWN), (0, 2)]
    rows = columns(*[{"host": host, "other_host": other} for host, other in pairs])
    assert of_other_owners(rows, hosts, same).tolist() == [UNKNOWN, 2, UNKNOWN, UNKNOWN, 2]
    assert sorted(asked) == [("a.one", "b.one"), ("a.one", "c.two")]
