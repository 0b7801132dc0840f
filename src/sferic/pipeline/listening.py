"""Waits during a hunt for events of clouds' audit logs and for commands that deploy, then loads what judges them."""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from sferic.catalog.cloud import operations
from sferic.catalog.commands import commands
from sferic.model.event import Event
from sferic.model.process import Process
from sferic.model.settings import Settings
from sferic.sources._contract import also_escaped

if TYPE_CHECKING:
    from sferic.pipeline.auditing import Audit


class Listener:
    """Takes what one run shows of changes in clouds; nothing is loaded where that is nothing."""

    def __init__(self, settings: Settings, chosen: Iterable[str]) -> None:
        """Say what lines are wanted; rules and deployers of the user's own are read, and refused, at once."""
        names = set(chosen)
        self.named = [command.selecting for command in commands()]
        self._settings = settings
        self._audit: Audit | None = None
        marks = [mark for name, one in operations().items() if name in names for mark in one.marks]
        if settings.rule_files or settings.deployer_files or settings.deployment_files:
            marks += self._begun().marks(names)
        self.marks = [also_escaped(mark) for mark in marks]

    def take(self, event: Event) -> None:
        """Look at one event of a cloud's audit log, or at the start of a process that deploys."""
        self._begun().take(event)

    def know(self, tree: Callable[[Event], Process]) -> None:
        """Ask for the ancestors of processes that deploy, if there were any."""
        if self._audit is not None:
            self._audit.know(tree)

    def domains(self) -> Iterable[tuple[str, Sequence[str], str]]:
        """Return the names of one's own functions, where each may lead, and the platform if that is not known."""
        return self._audit.domains() if self._audit else ()

    @property
    def audit(self) -> "Audit | None":
        """Return what judges the events, once there were any."""
        return self._audit

    def _begun(self) -> "Audit":
        if self._audit is None:
            self._audit = import_module("sferic.pipeline.auditing").Audit(self._settings)
        return self._audit
