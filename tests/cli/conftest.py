"""Commands run in this process, with a pipeline that gives the example report instead of reading logs."""

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from sferic.cli import main
from sferic.model.event import HTTP, Event
from sferic.model.report import Account, Report
from sferic.model.settings import Settings
from sferic.pipeline.surveying import Holding, Survey


class Run(msgspec.Struct, frozen=True):
    """What a command did."""

    code: int
    out: str
    err: str


Sferic = Callable[..., Run]


@pytest.fixture
def report() -> Report:
    """Give the report that the renderers' tests use."""
    path = Path(__file__).parents[1] / "render" / "_reports.py"
    spec = importlib.util.spec_from_file_location("_reports", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Report = module.example()
    return found


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's settings, terminal and state folder out of the tests."""
    for name in ("SFERIC_CONFIG", "SFERIC_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def sferic(capfd: pytest.CaptureFixture[str]) -> Sferic:
    """Run a command line in this process."""

    def run(*argv: str) -> Run:
        capfd.readouterr()
        code = main(argv)
        captured = capfd.readouterr()
        return Run(code, captured.out, captured.err)

    return run


class Pipeline:
    """Stands in for the pipeline: remembers how it was called and gives what a test has put in."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.paths: Sequence[str] = ()
        self.settings = Settings()
        self.fails: BaseException | None = None

    def hunt(self, paths: Sequence[str], settings: Settings, _progress: object = None) -> Report:
        """Give the report."""
        self.paths, self.settings = paths, settings
        if self.fails:
            raise self.fails
        return self.report

    def survey(self, paths: Sequence[str], settings: Settings, _progress: object = None) -> Survey:
        """Give the account, and what two of three events hold."""
        self.paths, self.settings = paths, settings
        holding = Holding(Counter({HTTP: 3}), Counter({"dst_host": 3, "user_agent": 2}))
        return Survey(self.report.account, {"squid_access": holding})

    def normalize(self, paths: Sequence[str], settings: Settings, _progress: object = None) -> "Events":
        """Give three events."""
        self.paths, self.settings = paths, settings
        return Events(self.report.account)


class Events:
    """Three events and an account, as the pipeline's normalization has them."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __iter__(self) -> Iterator[Event]:
        """Give the events in order."""
        for second in range(3):
            yield Event(
                table=HTTP,
                time=second * 1_000_000,
                source="squid_access",
                dst_host="x.example",
                user_agent="é\x1b",
            )


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, report: Report) -> Pipeline:
    """Put the stand-in where the commands look for the pipeline."""
    report.account.files = report.account.files[:2]
    made = Pipeline(report)
    monkeypatch.setattr("sferic.cli.hunt.run", made.hunt)
    monkeypatch.setattr("sferic.cli.normalize.run", made.normalize)
    monkeypatch.setattr("sferic.cli.check.run", made.survey)
    return made
