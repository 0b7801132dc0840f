"""Counts what became of every line, so that nothing is lost without a word."""

from collections import Counter

from sferic.model.report import Account, FileAccount, ReasonCount, RejectSample

SAMPLES = 20
SAMPLES_PER_REASON = 3
TEXT = 300


class Ledger:
    """The running account of one run."""

    def __init__(self) -> None:
        self.files: list[FileAccount] = []
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.samples: list[RejectSample] = []
        self.unknown_samples: list[RejectSample] = []
        self.kinds: Counter[str] = Counter()
        """Source id → lines recognised as its, from events, rejects and the sniffed sample."""

    def reject(self, account: FileAccount, source: str, number: int, reason: str, text: str) -> None:
        """Count a line that should have been an event."""
        account.rejected += 1
        self.reasons[source, reason] += 1
        if len(self.samples) < SAMPLES and self.reasons[source, reason] <= SAMPLES_PER_REASON:
            self.samples.append(RejectSample(f"{account.path}:{number}", source, reason, text[:TEXT]))

    def unknown(self, account: FileAccount, number: int, text: str) -> None:
        """Count a selected line that no source knows."""
        account.unknown += 1
        if len(self.unknown_samples) < SAMPLES_PER_REASON:
            sample = RejectSample(f"{account.path}:{number}", "", "no source knows this line", text[:TEXT])
            self.unknown_samples.append(sample)

    def account(self) -> Account:
        """Return the finished account."""
        reasons = tuple(ReasonCount(s, r, n) for (s, r), n in self.reasons.most_common())
        return Account(
            files=tuple(self.files),
            reject_reasons=reasons,
            reject_samples=tuple(self.samples),
            unknown_samples=tuple(self.unknown_samples),
        )
