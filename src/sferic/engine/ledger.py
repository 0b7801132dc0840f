"""Counts what became of every line, so that nothing is lost without a word."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sferic.engine.inputs import Hidden, Input, Lister, expand
from sferic.model.errors import BinaryInput, EmptyInput, InputError, NothingToRead, SfericError, UnknownLog
from sferic.model.redaction import without_secrets
from sferic.model.report import Account, FileAccount, ReasonCount, RejectSample
from sferic.model.words import counted

SAMPLES = 20
SAMPLES_PER_REASON = 3
TEXT = 300
_SEEN = 2 * TEXT
EXCUSED = (EmptyInput, BinaryInput, UnknownLog, NothingToRead)
"""What is no log does not matter where it was merely found in a folder; a log that could not be read does."""


class Ledger:
    """The running account of one run."""

    def __init__(self) -> None:
        self.files: list[FileAccount] = []
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.samples: list[RejectSample] = []
        self.unknown_samples: list[RejectSample] = []
        self.kinds: Counter[str] = Counter()
        """Source id → lines recognised as its, from events, rejects and the sniffed sample."""
        self.hidden = 0
        self.excused: list[tuple[FileAccount, int]] = []

    def inputs(self, paths: Sequence[str], listed: Lister | None = None) -> Iterator[Input]:
        """Yield what can be read of the paths; note what cannot, and count what is hidden."""
        for item in expand(paths, listed):
            if isinstance(item, Input):
                yield item
            elif isinstance(item, Hidden):
                self.hidden += 1
            else:
                account = FileAccount(path=item.path)
                self.refuse(account, item.error, named=item.named)
                self.files.append(account)

    def refuse(self, account: FileAccount, error: InputError, *, named: bool) -> None:
        """Write a problem with a whole file into its account; one that was merely found may be no log."""
        account.problem, account.exit_code = str(error), error.exit_code
        if not named and isinstance(error, EXCUSED):
            self.excused.append((account, error.exit_code))
            account.exit_code = 0

    def reject(self, account: FileAccount, source: str, number: int, reason: str, text: str) -> None:
        """Count a line that should have been an event."""
        account.rejected += 1
        self.reasons[source, reason] += 1
        if len(self.samples) < SAMPLES and self.reasons[source, reason] <= SAMPLES_PER_REASON:
            self.samples.append(RejectSample(f"{account.path}:{number}", source, reason, _shown(text)))

    def unknown(self, account: FileAccount, number: int, text: str) -> None:
        """Count a selected line that no source knows."""
        account.unknown += 1
        if len(self.unknown_samples) < SAMPLES_PER_REASON:
            sample = RejectSample(f"{account.path}:{number}", "", "no source knows this line", _shown(text))
            self.unknown_samples.append(sample)

    def extend(self, other: "Ledger") -> None:
        """Add the account of other files."""
        self.files += other.files
        self.excused += other.excused
        self.kinds.update(other.kinds)
        for sample in other.samples:
            alike = sum((s.source, s.reason) == (sample.source, sample.reason) for s in self.samples)
            if len(self.samples) < SAMPLES and alike < SAMPLES_PER_REASON:
                self.samples.append(sample)
        self.reasons.update(other.reasons)
        self.unknown_samples = (self.unknown_samples + other.unknown_samples)[:SAMPLES_PER_REASON]

    def adopt(self, later: "Ledger") -> None:
        """Add what another reading of the same files counted; it must not have counted a line of this one."""
        mine = {file.path: file for file in self.files}
        for file in later.files:
            if own := mine.get(file.path):
                own.selected += file.selected
                own.events += file.events
                own.rejected += file.rejected
                own.unknown += file.unknown
                for source, count in file.sources.items():
                    own.sources[source] = own.sources.get(source, 0) + count
        self.kinds.update(later.kinds)
        self.reasons.update(later.reasons)
        self.samples = (self.samples + later.samples)[:SAMPLES]
        self.unknown_samples = (self.unknown_samples + later.unknown_samples)[:SAMPLES_PER_REASON]

    def account(self, *, strict: bool = False) -> Account:
        """Return the finished account; `strict` makes every line that could not be read its file's problem."""
        if not any(file.sources or (file.rejected and not file.problem) for file in self.files):
            for file, code in self.excused:  # a folder in which nothing is a log, or none that could be read
                file.exit_code = code
        for file in self.files:
            unread = file.rejected + file.unknown
            if strict and unread and not file.exit_code:
                file.problem = f"{counted(unread, 'line')} could not be read, and `--strict` makes that an error"
                file.exit_code = SfericError.exit_code
        reasons = tuple(ReasonCount(s, r, n) for (s, r), n in self.reasons.most_common())
        return Account(
            files=tuple(self.files),
            hidden=self.hidden,
            reject_reasons=reasons,
            reject_samples=tuple(self.samples),
            unknown_samples=tuple(self.unknown_samples),
        )


def _shown(text: str) -> str:
    return without_secrets(text[:_SEEN])[:TEXT]
