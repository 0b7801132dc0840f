"""Judges the events of clouds' audit logs: rules and deployers in, findings and notes out.

Kept apart from `sferic.pipeline.listening`, which loads it when the first such event comes: reading rules takes longer
than many a hunt.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from sferic.catalog.cloud import operations
from sferic.catalog.deployers import load_deployers
from sferic.catalog.deployments import load_deployments
from sferic.catalog.weights import load_weights
from sferic.correlate.cloud import Changes
from sferic.correlate.deeds import Deeds, foreign_marks
from sferic.correlate.deploying import with_launches
from sferic.correlate.join import joined, may_add
from sferic.correlate.launches import Launches
from sferic.correlate.own import Inventory
from sferic.model.deed import Deed
from sferic.model.event import PROCESS, Event
from sferic.model.finding import Finding
from sferic.model.report import Missing
from sferic.model.settings import Settings
from sferic.model.words import counted
from sferic.rules.rulebook import rulebook

SHOWN = 5
"""Unknown operations of a source that are named."""
REFUSED = 3
"""Rules that cannot be run that are named."""


class Audit:
    """One run's audit logs: `take` events, then ask for what was found."""

    def __init__(self, settings: Settings) -> None:
        """Read the rules and the list of expected deployers; raises SettingsError."""
        self._book = rulebook(settings.rule_files)
        self._deployers = load_deployers(settings.deployer_files)
        self._deployments = load_deployments(settings.deployment_files)
        self._deeds = Deeds(self._book, self._deployers.network_of)
        self._launches = Launches()
        self.know = self._launches.know

    def take(self, event: Event) -> None:
        """Look at one event of an audit log, or at the start of a process that deploys."""
        if event.table == PROCESS:
            self._launches.take(event)
        else:
            self._deeds.take(event)

    def marks(self, chosen: Iterable[str]) -> list[str]:
        """Return what selects all records of the sources that rules of others ask for."""
        return foreign_marks(self._book, chosen)

    @cached_property
    def deeds(self) -> list[Deed]:
        """What was done, in order of time; ask when all events have been taken."""
        return self._deeds.finish()

    @cached_property
    def inventory(self) -> Inventory:
        """The functions that something was done to."""
        return Inventory(self.deeds, self._deployers)

    @cached_property
    def changes(self) -> list[Finding]:
        """One finding for each changed function and identity, whatever its score, and those of commands alone."""
        weights = load_weights()
        found = Changes(self.deeds, self._book, self._deployers, self._deployments).findings(weights)
        return with_launches(found, self._launches.finish(), self.deeds, self._deployers, weights)

    def domains(self) -> Iterator[tuple[str, Sequence[str], str]]:
        """Yield the names of one's own functions, where each may lead, and the platform if that is not known."""
        platforms = {deed.provider: operations()[deed.source].platform for deed in self.deeds}
        for host, names, provider in self.inventory.domains():
            yield host, names, platforms[provider]

    def may_add(self, hosts: Iterable[str]) -> float:
        """Return the most points that changed functions add to check-ins with these hosts."""
        return may_add(self.changes, self.inventory, hosts)

    def findings(self, traffic: Sequence[Finding], settings: Settings) -> list[Finding]:
        """Return what was found in traffic joined with the changed functions, at or above the floor."""
        weights = load_weights()
        found = joined(traffic, self.changes, self.inventory, weights)
        return [one for one in found if one.points >= weights.severity.points(settings.min_score)]

    def notes(self) -> tuple[Missing, ...]:
        """Return what was not used: rules that cannot be run, unknown operations, deeds beyond the cap."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[Missing]:
        refused = self._book.refused
        for one in refused[:REFUSED]:
            yield Missing(str(one.path), f"the rule {one.title}", f"the rule “{one.title}” is not run: {one.reason}")
        if len(refused) > REFUSED:
            more = counted(len(refused) - REFUSED, "more rule is", "more rules are")
            text = f"{more} not run; `sferic rules --rules PATH` names them all"
            yield Missing("rules", "more rules", text)
        for source, words in sorted(self._deeds.unknown.items()):
            named = ", ".join(f"{word} ({count:,})" for word, count in words.most_common(SHOWN))
            yield Missing(source, f"known operations of {source}",
                          f"not known here and not weighed: {counted(len(words), 'operation')}: {named}")  # fmt: skip
        if self._deeds.left_out:
            text = f"more than is remembered, and not weighed: {counted(self._deeds.left_out, 'deed')}"
            yield Missing("audit logs", "more deeds", text)
        if self._launches.left_out:
            commands = counted(self._launches.left_out, "command")
            text = f"more than is remembered, and not weighed: {commands} that may deploy"
            yield Missing("endpoints", "more commands", text)
