"""Rows of one connection become one, announcements of connections go, look-ups are no calls."""

from typing import Any

import numpy as np

from sferic.engine.tidying import one_name_a_machine, one_row_a_connection, without_openings
from sferic.model.traffic import IS_TUNNEL, JOINED, OPENING, UNKNOWN


def columns(*rows: dict[str, int]) -> dict[str, Any]:
    """Build columns from rows that name only what matters."""
    usual = {
        "time_s": 0, "source": 0, "client": 1, "method": UNKNOWN, "up": UNKNOWN, "down": UNKNOWN, "total": UNKNOWN,
        "duration_ms": UNKNOWN, "flags": 0, "link": 0, "host": 7,
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


def test_announcements_go_only_where_the_end_is_logged() -> None:
    """A source that logs only the beginnings of connections keeps them."""
    both = columns({"flags": OPENING | IS_TUNNEL}, {"flags": IS_TUNNEL}, {"source": 1, "flags": OPENING | IS_TUNNEL})
    assert without_openings(both)["source"].tolist() == [0, 1]


def test_an_end_takes_the_place_of_its_announcement_and_an_open_connection_stays() -> None:
    """Of three announced connections the ends of two are logged: two rows with amounts, and the open one without."""
    built = [{"time_s": 10 * i, "link": i, "flags": OPENING | IS_TUNNEL | JOINED} for i in (1, 2, 3)]
    gone = [{"time_s": 10 * i + 1, "link": i, "flags": IS_TUNNEL | JOINED, "total": 500} for i in (1, 2)]
    found = without_openings(one_row_a_connection(columns(*built, *gone)))
    rows = zip(found["time_s"].tolist(), found["total"].tolist(), (found["flags"] & OPENING).tolist(), strict=True)
    assert sorted(rows) == [(10, 500, 0), (20, 500, 0), (30, UNKNOWN, OPENING)]


def test_an_address_with_one_device_bears_its_name() -> None:
    """A proxy that logs addresses and an agent that logs device names mean one machine, unless the address is shared."""
    names = {"10.0.0.5": 0, "laptop-1": 1, "10.0.0.9": 2, "phone-1": 3, "phone-2": 4}
    devices = {"10.0.0.5": {1}, "10.0.0.9": {3, 4}}
    found = one_name_a_machine(np.array([0, 1, 2, UNKNOWN], np.int32), names, devices)
    assert found.tolist() == [1, 1, 2, UNKNOWN]
