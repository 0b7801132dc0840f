"""A hunt whose files are read elsewhere, part by part, finds what one process finds."""

import copy
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from sferic import __version__
from sferic.catalog.platforms import Place, load_catalogue
from sferic.engine import spark, spark_session
from sferic.engine.inputs import Input, Met
from sferic.engine.part import READING, Part, Selection, Step, Told
from sferic.engine.parts import Parts
from sferic.engine.progress import Watcher
from sferic.engine.quoting import input_of
from sferic.engine.settling import Settler
from sferic.engine.spark import Order, Wanted, read_part, wanted_of
from sferic.model.errors import ClusterError, UsageError
from sferic.model.grouping import Table
from sferic.model.report import Account, Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from tests.engine import _lines as network
from tests.engine._rdd import Context, left_behind
from tests.pipeline import endpoint_lines as lines
from tests.pipeline.endpoint_lines import Story

ESTATE = Path(__file__).parents[2] / "examples" / "estate"
FIRST = Step(READING, Selection((r"workers\.dev",)))


def order(step: Step, learned: Mapping[str, Place], version: str = __version__) -> Order:
    """Make what a worker is told."""
    catalogue = load_catalogue()
    platforms = tuple(catalogue.platforms.values())
    return Order(version, Settings(workers=1), platforms, catalogue.domains, step, dict(learned))


class Elsewhere:
    """A cluster of one: whatever goes there or comes back is copied as if it went over a wire."""

    def __init__(self) -> None:
        """Note the steps that are asked for, and what is left behind."""
        self.steps: list[str] = []
        self.asked: list[Sequence[str]] = []
        self._left = left_behind()

    def listed(self, url: str) -> Iterator[Met]:
        """Fail: no test here gives an address of an object store."""
        raise AssertionError(f"nobody asks this stand-in for {url}")

    def find(self, label: str) -> Input | None:
        """Find files."""
        return input_of(label)

    def parts(
        self, step: Step, inputs: Sequence[Input], domains: Mapping[str, Place], _watch: Watcher | None
    ) -> Iterator[Part]:
        """Read one input after the other."""
        self.steps.append(step.stage)
        if not step.before:
            self._left.forget()
        sent = order(step, domains)
        read = [(number, read_part(copy.deepcopy(sent), wanted_of(item))) for number, item in enumerate(inputs)]
        yield from self._left.add(Context().parallelize(read), len(read)).collect()

    def rows(self, told: Told, names: Sequence[str]) -> Table:
        """Return some columns of the rows that stayed behind."""
        self.asked.append(names)
        return self._left.rows(told, names)

    def scattered(self, told: Told, settler: Settler) -> Parts:
        """Return all traffic, to be settled and weighed where its rows are."""
        return self._left.scattered(told, settler)


def told(report: Report) -> object:
    """Give all that a report says but what the run cost."""
    account = Account(**{n: getattr(report.account, n) for n in Account.__struct_fields__} | dict.fromkeys(("wall_s", "cpu_s", "peak_mb", "beside_workers"), 0))
    same = msgspec.structs.replace(report, account=account, made_at=0)
    return msgspec.to_builtins(same)


def test_the_example_estate() -> None:
    """Seven logs with flows that are named by other logs: findings and account are equal."""
    here, there = hunt([str(ESTATE)]), hunt([str(ESTATE)], cluster=Elsewhere())
    assert len(here.findings) >= 10
    assert told(there) == told(here)


def test_names_and_processes_across_files(tmp_path: Path) -> None:
    """Starts in one file, calls in another, flows named by DNS in a third: all steps run, and the result is equal."""
    times = [60.0 * n + n % 7 for n in range(1, 120)]
    story = Story()
    shell = story.run(lines.POWERSHELL, parent=story.run(lines.EXPLORER), command_line="-enc QUJD")
    story.call(shell, lines.WORKER, times)
    cmd = story.run(r"C:\Windows\System32\cmd.exe", parent=story.run(lines.WORD))
    story.run(r"C:\Program Files\nodejs\node.exe", parent=cmd, command_line="npx wrangler deploy")
    for machine in range(6, 40):
        browser = story.run(lines.CHROME, machine=machine, parent=story.run(lines.EXPLORER, machine=machine))
        story.call(browser, f"page-{machine % 7}.vercel.app", [float(machine * 40), 3000.0], address="203.0.113.20")
    events = lines.sysmon_json(story).splitlines()
    logs = {
        "a.jsonl": events[::2], "b.jsonl": events[1::2],
        "c.log": [network.pan_traffic(int(at)) for at in times], "d.jsonl": [network.stream_dns(1), "neither"],
    }  # fmt: skip
    for name, rows in logs.items():
        (tmp_path / name).write_text("\n".join(rows) + "\n")
    cluster = Elsewhere()
    here, there = hunt([str(tmp_path)]), hunt([str(tmp_path)], cluster=cluster)
    assert {"cloud_change"} < {finding.analytic for finding in here.findings}
    assert cluster.steps[:2] == ["reading", "joining names"]
    assert "reading processes" in cluster.steps
    assert told(there) == told(here)


def test_a_file_that_a_worker_does_not_see(tmp_path: Path) -> None:
    """The message names the worker and the path, and says what must be the same."""
    gone = tmp_path / "gone.log"
    (file,) = read_part(order(FIRST, {}), Wanted(str(gone), 10, named=True)).ledger.files
    assert file.exit_code == 4
    assert file.problem.startswith(f"{gone}: the worker {socket.gethostname()} sees no such file")
    assert "same paths" in file.problem


def test_a_file_that_is_another_one_there(tmp_path: Path) -> None:
    """A shorter file under the same path is another one, and is not read."""
    other = tmp_path / "access.log"
    other.write_text("short\n")
    (file,) = read_part(order(FIRST, {}), Wanted(str(other), 100, named=True)).ledger.files
    assert file.exit_code == 4
    assert "another file there, of 6 bytes rather than 100" in file.problem


def test_another_version_there(tmp_path: Path) -> None:
    """A worker with another Sferic reads nothing and says which it has."""
    log = tmp_path / "access.log"
    log.write_text("short\n")
    (file,) = read_part(order(FIRST, {}, "0.0.0"), Wanted(str(log), 6, named=True)).ledger.files
    assert f"Sferic is {__version__} on the worker" in file.problem


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(UsageError, match=r"needs PySpark.*sferic\[spark\]"):
        spark.Spark("local[1]", Settings())


def test_without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UsageError, match=r"needs Java 17.*JAVA_HOME"):
        spark_session.check_java()


def test_a_master_that_does_not_answer() -> None:
    """It is said at once, with the address and exit code 12."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        master = f"spark://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(ClusterError, match="no Spark master answers") as failure:
        spark_session.check_master(master)
    assert failure.value.where == master
    assert failure.value.exit_code == 12


def test_the_published_search_is_not_for_a_cluster() -> None:
    """It reads on its own, so asking for both is refused."""
    with pytest.raises(UsageError, match="this machine alone"):
        hunt([str(ESTATE)], Settings(analytics=("activity_as_published",)), cluster=Elsewhere())
