"""What a hunt has read, ready to be weighed: a record; `sferic.engine.gather` fills it."""

import msgspec

from sferic.engine.ledger import Ledger
from sferic.engine.part import Tally
from sferic.engine.parts import Held, Parts
from sferic.engine.period import Period
from sferic.model.traffic import Traffic


class Gathered(msgspec.Struct, frozen=True):
    """Everything read, ready to be weighed."""

    parts: Parts
    ledger: Ledger
    period: Period
    audited: Period
    """The same of clouds' audit logs, which may reach much further back than the traffic."""
    tally: Tally
    names_full: bool = False
    """Whether more addresses had names than are remembered."""
    names_forgotten: int = 0
    """How often an address was called something that was not remembered any more."""
    processes_full: bool = False
    """Whether more processes called, or had to be looked for, than are remembered."""
    domains_full: bool = False
    """Whether more own domains led to a platform, or more events waited for these, than are remembered."""

    @property
    def traffic(self) -> Traffic:
        """Return all traffic, where it was to be held in memory."""
        return next(self.parts.each(_load, 1))


def _load(parts: Held, part: int) -> Traffic:
    return parts.load(part)
