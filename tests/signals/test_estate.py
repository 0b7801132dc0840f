"""What is usual in the whole input costs memory for what was seen, not for how long the input seems to be."""

from itertools import product

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event
from sferic.model.traffic import UNKNOWN
from sferic.signals._segments import Cutting, cut
from tests.signals.timelines import CHROME, CURL, DAY, SITE, T0, WORKER, browse, calls, every, traffic, window

DECADES_S = 26 * 365 * DAY


def test_a_clock_that_was_never_set_costs_no_memory() -> None:
    """One row stamped 26 years before all others makes nobody's hours of use any larger."""
    machines = [browse(f"10.0.0.{n}") for n in range(1, 41)]
    stray = calls("10.0.1.1", SITE, [-DECADES_S])
    estate = window(*machines, stray).estate
    assert estate.hours > 200_000
    assert len(estate.client_hours) == 40
    assert sum(hours.nbytes for hours in estate.client_hours.values()) < 40 * 24 * 8


def test_hours_of_use_are_those_with_pages_or_many_owners() -> None:
    """A person's hours are the office hours, as numbers from the input's start; a lone timer uses none."""
    estate = window(browse("10.0.0.1"), calls("10.0.0.2", WORKER, every(300, 288))).estate
    used = {who: hours.tolist() for who, hours in estate.client_hours.items()}
    assert estate.hours == 24
    assert list(used.values()) == [sorted(set(h)) for h in used.values()]
    assert len(used) == 1
    assert set(next(iter(used.values()))) <= set(range(9, 17))


def test_a_source_without_rows_breaks_nothing() -> None:
    """A log of which no row is left has no first row; the others' stay theirs."""
    rows = traffic(calls("10.0.0.1", WORKER, every(60, 10)))
    rows = msgspec.structs.replace(rows, sources=[*rows.sources, "silent"], subsecond=[*rows.subsecond, False])
    assert cut(rows, Cutting(0, (T0, T0 + 600))).estate.source_first_s.tolist() == [T0, np.inf]


CALLS = st.lists(
    st.builds(
        lambda who, whom, user, agent: calls(who, whom, [0.0], user=user, agent=agent)[0],
        st.sampled_from(["10.0.0.1", "10.0.0.2", None]),
        st.sampled_from([WORKER, SITE, "page-0.vercel.app"]),
        st.sampled_from(["ann", "bob", None]),
        st.sampled_from([CHROME, CURL, None]),
    ),
    max_size=20,
)


@given(CALLS)
def test_counts_are_those_of_sets(rows: list[Event]) -> None:
    """Callers of an owner, machines of a software and owners of a machine's software are counted as sets would."""
    made = window(rows)
    owner = [made.owners.index(made.traffic.places[p].owner) for p in made.traffic.place]
    seen = list(zip(made.traffic.client, made.traffic.user, made.traffic.agent, owner, strict=True))
    for n in range(len(made.owners)):
        machines, users = {c for c, _, _, o in seen if o == n}, {u for _, u, _, o in seen if o == n and u != UNKNOWN}
        assert made.estate.owner_clients[n] == max(len(machines), len(users))
    for n in range(len(made.traffic.agents)):
        assert made.estate.agent_clients[n] == len({c for c, _, a, _ in seen if a == n})
    software = product(range(UNKNOWN, len(made.traffic.clients)), range(len(made.traffic.agents)))
    called = {key: len({o for c, _, a, o in seen if (c, a) == key}) for key in software}
    assert made.estate.pair_owners == {key: count for key, count in called.items() if count}
