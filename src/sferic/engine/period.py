"""Which events lie in the span of time that was asked for, and what span they cover."""

from sferic.model.event import Event
from sferic.model.report import Account
from sferic.model.settings import Settings


class Period:
    """Counts the events outside `since` and `until`, and remembers the first and last time inside."""

    def __init__(self, settings: Settings) -> None:
        self._since = settings.since
        self._until = settings.until
        self.outside = 0
        self.first: int | None = None
        """Epoch microseconds, like `last`; None until an event lay inside."""
        self.last: int | None = None

    def holds(self, event: Event) -> bool:
        """Say whether an event is to be used, and note what it says about the span."""
        time = event.time
        if (self._since is not None and time < self._since) or (self._until is not None and time >= self._until):
            self.outside += 1
            return False
        self._note(time, time)
        return True

    def bounds(self, first: int, last: int) -> tuple[int, int] | None:
        """Return the span [from, to) that is to be used of one that reaches beyond; None where all of it is."""
        since, until = self._since or first, last + 1 if self._until is None else self._until
        return None if since <= first and last < until else (since, until)

    def note(self, first: int, last: int, outside: int) -> None:
        """Note many events at once: the first and last time of those inside, and how many lay outside."""
        self.outside += outside
        self._note(first, last)

    def adopt(self, other: "Period") -> None:
        """Add what another one counted and remembers."""
        self.outside += other.outside
        if other.first is not None and other.last is not None:
            self._note(other.first, other.last)

    @property
    def span_s(self) -> tuple[float, float]:
        """Return the first and last moment, epoch seconds; zeros until an event lay inside."""
        return (self.first or 0) / 1e6, (self.last or 0) / 1e6

    def _note(self, first: int, last: int) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def tell(self, account: Account) -> None:
        """Add what was noted to a run's account."""
        account.out_of_window += self.outside
        if self.first is not None and self.last is not None:
            account.first_time = min(self.first, account.first_time or self.first)
            account.last_time = max(self.last, account.last_time or self.last)
