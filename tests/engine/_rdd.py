"""What `sferic.engine.scattered` needs of Spark, in one process; what goes elsewhere or comes back is copied."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Self

from sferic.engine.scattered import LeftBehind

_NAMES = {"flatMap": "flat_map", "mapPartitions": "map_partitions", "partitionBy": "partition_by"}


class Rdd:
    """Rows in partitions."""

    def __init__(self, partitions: list[list[Any]]) -> None:
        self._partitions = partitions

    def __getattr__(self, name: str) -> Any:
        return getattr(self, _NAMES[name])

    def map_partitions(self, do: Callable[[Iterator[Any]], Iterable[Any]]) -> "Rdd":
        """Do something with the rows of each partition."""
        return Rdd([copy.deepcopy(list(copy.deepcopy(do)(iter(rows)))) for rows in self._partitions])

    def map(self, do: Callable[[Any], Any]) -> "Rdd":
        """Do something with each row."""
        return self.map_partitions(lambda rows: map(do, rows))

    def flat_map(self, do: Callable[[Any], Iterable[Any]]) -> "Rdd":
        """Replace each row by several."""
        return self.map_partitions(lambda rows: chain.from_iterable(map(do, rows)))

    def partition_by(self, partitions: int, which: Callable[[Any], int]) -> "Rdd":
        """Deal rows out by their keys; they arrive in no order."""
        dealt: list[list[Any]] = [[] for _ in range(partitions)]
        for key, value in reversed(self.collect()):
            dealt[which(key) % partitions].append((key, value))
        return Rdd(dealt)

    def collect(self) -> list[Any]:
        """Return all rows."""
        return list(chain.from_iterable(self._partitions))

    def persist(self, level: object) -> Self:
        """Keep what is here anyway."""
        assert level == "disk"
        return self

    def unpersist(self) -> None:
        """Let go."""
        self._partitions = []


class Broadcast:
    """What every worker has."""

    def __init__(self, value: Any) -> None:
        self.value = copy.deepcopy(value)

    def __deepcopy__(self, memo: object) -> "Broadcast":
        """Stay the same: it has arrived."""
        return self


class Context:
    """Makes them."""

    broadcast = Broadcast

    def parallelize(self, rows: Sequence[Any]) -> Rdd:
        """Give each row a partition."""
        return Rdd([[row] for row in copy.deepcopy(list(rows))])

    def union(self, all_of: Sequence[Rdd]) -> Rdd:
        """Put the partitions of several one after the other."""
        return Rdd([rows for one in all_of for rows in one._partitions])


def left_behind() -> LeftBehind:
    """Return who keeps rows on this make-believe cluster."""
    return LeftBehind(Context(), "disk", lambda rows: list(rows.collect()))
