"""Says what whoever judges changes in clouds gets to hear while a hunt reads: audit logs, and commands that deploy."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sferic.catalog.commands import command_of
from sferic.model.event import API, PROCESS, Event
from sferic.model.process import Process


class Listener(Protocol):
    """Whoever judges changes in clouds."""

    @property
    def named(self) -> Sequence[str]:
        """Return expressions that find commands which deploy."""

    @property
    def marks(self) -> Sequence[str]:
        """Return expressions that select the lines of audit logs, beside those of the sources."""

    def take(self, event: Event) -> None:
        """Look at one event within the period: of an audit log, or the start of a process that deploys."""

    def know(self, tree: Callable[[Event], Process]) -> None:
        """Ask for the ancestors of processes that deploy; all that are to be known have been read."""

    def domains(self) -> Iterable[tuple[str, Sequence[str], str]]:
        """Return host names of one's own functions, what each may lead to, and the platform if that is not known."""


def is_listened_to(event: Event) -> bool:
    """Say whether an event is one for a listener."""
    return event.table == API or (event.table == PROCESS and command_of(event.command_line) is not None)
