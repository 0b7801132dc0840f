"""Lists the functions of one's own that logs show, with who talks to them; learns who is expected to change them."""

from collections.abc import Mapping, Sequence

import numpy as np

from sferic.catalog.platforms import load_catalogue
from sferic.correlate.learning import Learned, learned
from sferic.correlate.own import OwnFunction
from sferic.engine.gather import Gatherer
from sferic.engine.gathered import Gathered
from sferic.engine.progress import Watcher
from sferic.model.inventory import FunctionRow, Functions
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.model.traffic import UNKNOWN, Traffic
from sferic.pipeline.auditing import Audit
from sferic.pipeline.checking import check
from sferic.pipeline.hunting import Began, spent
from sferic.pipeline.listening import Listener
from sferic.sources._contract import chosen_sources

MOST = 5
"""Callers that are named."""


def functions(paths: Sequence[str], settings: Settings, watch: Watcher | None = None) -> Functions:
    """Read logs and return the functions of one's own, those that changed last first."""
    began = Began()
    gathered, audit = _read(paths, settings, watch)
    found = audit.inventory.functions if audit else ()
    numbers = {host: number for number, host in enumerate(gathered.traffic.hosts)}
    rows = [_row(own, gathered.traffic, numbers) for own in found]
    rows.sort(key=lambda row: (-(row.changed or 0), row.function))
    return Functions(tuple(rows), _account(gathered, audit, settings, began))


def learn(paths: Sequence[str], settings: Settings, watch: Watcher | None = None) -> tuple[Learned, Account]:
    """Read a period's audit logs and return who changed functions in the ordinary course of it."""
    began = Began()
    gathered, audit = _read(paths, settings, watch)
    found = learned(audit.deeds, audit.changes) if audit else Learned((), ())
    return found, _account(gathered, audit, settings, began)


def _read(paths: Sequence[str], settings: Settings, watch: Watcher | None) -> tuple[Gathered, Audit | None]:
    check(settings)
    chosen = chosen_sources(settings.only_sources)
    clouds = Listener(settings, chosen)
    catalogue = load_catalogue(settings.platform_files)
    gathered = Gatherer(catalogue, chosen, settings, audit=clouds).gather(paths, watch)
    return gathered, clouds.audit


def _account(gathered: Gathered, audit: Audit | None, settings: Settings, began: Began) -> Account:
    account = gathered.ledger.account(strict=settings.strict)
    account.missing = audit.notes() if audit else ()
    gathered.period.tell(account)
    gathered.audited.tell(account)
    spent(account, began, settings)
    return account


def _row(own: OwnFunction, traffic: Traffic, numbers: Mapping[str, int]) -> FunctionRow:
    called = [numbers[host] for host in own.hosts if host in numbers]
    clients = traffic.client[np.isin(traffic.host, called)] if called else traffic.client[:0]
    who, calls = np.unique(clients[clients != UNKNOWN], return_counts=True)
    ranked = sorted(zip(-calls, (traffic.clients[n] for n in who), strict=True))
    return FunctionRow(
        **{name: getattr(own, name) for name in ("provider", "account", "function", "hosts", "created", "changed")},
        created_by=own.created_by or None, changed_by=own.changed_by or None, operation=own.operation or None,
        callers=len(who), calls=len(clients), called_by=tuple(name for _, name in ranked[:MOST]),
    )  # fmt: skip

