"""Exit codes: what they mean, and which one a finished run deserves."""

from sferic.model.finding import SEVERITIES, Severity
from sferic.model.report import Account, Report

FAIL_ON_MET = 3
EXIT_CODES = (
    (0, "nothing went wrong, whatever was found"),
    (1, "a bug in Sferic"),
    (2, "wrong usage, a file that cannot be written, a wrong settings file or the like, or `--strict` and a bad line"),
    (3, "`--fail-on` was met"),
    (4, "a path does not exist or may not be read"),
    (5, "an input is empty"),
    (6, "a compressed input is damaged; what came before the damage was used"),
    (7, "an input is not text"),
    (8, "an input is text, but no source knows it, or none can read a line of it"),
    (9, "a folder or pattern holds nothing to read"),
    (10, "a cap against hostile input was crossed, or a disk is full"),
    (11, "no finding, platform or host of the name that was asked for"),
    (12, "a cluster cannot be reached, or gave up"),
    (130, "interrupted"),
    (141, "whoever read the output closed it"),
)


def of_hunt(report: Report, fail_on: Severity | None) -> int:
    """Let `--fail-on` come first, then the first file that could not be read to its end."""
    if fail_on and any(SEVERITIES.index(f.severity) >= SEVERITIES.index(fail_on) for f in report.findings):
        return FAIL_ON_MET
    return of_files(report.account)


def of_files(account: Account) -> int:
    """Give the exit code of the first file with a problem, or 0."""
    return next((file.exit_code for file in account.files if file.exit_code), 0)
