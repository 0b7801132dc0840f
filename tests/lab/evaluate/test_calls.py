"""The grid's implants as columns: each call belongs to its own machine and function."""

import numpy as np

from sferic.lab.evaluate.calls import Calls, client_of, traffic_of


def test_each_call_stays_with_its_machine_beside_logs_of_whole_seconds() -> None:
    """A series stamped in whole seconds does not take the place of one that is not."""
    series = [Calls(np.arange(3.0) + 0.25), Calls(np.arange(5.0) + 0.75, whole_seconds=True), Calls(np.arange(7.0) + 0.5)]
    made = traffic_of(series)
    for number, calls in enumerate(series):
        rows = made.client == made.clients.index(client_of(number))
        assert np.count_nonzero(rows) == len(calls.times)
        assert {made.hosts[host] for host in made.host[rows]} == {f"f0-{number}.pair{number}-lab.workers.dev"}
        assert made.subsecond[made.source[rows][0]] is not calls.whole_seconds
