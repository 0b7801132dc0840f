"""`hunt --engine spark` on a real standalone cluster: a master and two workers on loopback."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from sferic.engine.objects import MAX_OBJECT_BYTES
from tests.cli.conftest import Sferic

ROOT = Path(__file__).parents[2]
ESTATE = ROOT / "examples" / "estate"
DEPLOY = "org.apache.spark.deploy"
PATIENCE_S = 180
needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or not (shutil.which("java") or os.environ.get("JAVA_HOME")),
    reason="needs PySpark and Java 17 or 21: pip install 'sferic[spark]', and openjdk-17-jre-headless",
)


class Cluster:
    """Its processes, each with those that it starts in a group of its own."""

    def __init__(self, folder: Path) -> None:
        """Start a master and two workers of one core each."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.master = f"spark://127.0.0.1:{port}"
        self._folder = folder
        self._groups = [self._start("master", f"{DEPLOY}.master.Master", "--port", str(port))]
        self._wait(lambda: _answers(port))
        self.workers = [self._worker(name) for name in ("one", "two")]
        self._groups += self.workers

    def _worker(self, name: str) -> "subprocess.Popen[bytes]":
        more = ("--cores", "1", "--memory", "1g", "--work-dir", str(self._folder / name))
        return self._start(name, f"{DEPLOY}.worker.Worker", *more, self.master)

    def _start(self, name: str, *command: str) -> "subprocess.Popen[bytes]":
        tool = spark_home() / "bin" / "spark-class"
        near = ("--host", "127.0.0.1", "--webui-port", "0")
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [tool, command[0], *near, *command[1:]], stdout=log, stderr=log, env=environment(), start_new_session=True
            )

    def is_busy(self, name: str) -> bool:
        """Say whether a task has begun on a worker."""
        logs = (self._folder / name).glob("app-*/*/stderr")
        return any("Running task" in log.read_text(errors="replace") for log in logs)

    def kill(self, worker: "subprocess.Popen[bytes]") -> None:
        """Kill a worker and what runs on it, as a machine does that loses its power."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def wait_for(self, name: str) -> None:
        """Wait until a task has begun on a worker."""
        self._wait(lambda: self.is_busy(name))

    def _wait(self, is_so: "object") -> None:
        assert callable(is_so)
        until = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < until
            time.sleep(0.1)

    def stop(self) -> None:
        """End whatever is left."""
        for process in self._groups:
            if process.poll() is None:
                self.kill(process)


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def spark_home() -> Path:
    """Return where Spark is installed."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def environment() -> dict[str, str]:
    """Return what the cluster's processes and the hunts run with: loopback only, and this checkout."""
    more = {"SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(ROOT / "src"), "PYSPARK_PYTHON": sys.executable}
    return {**os.environ, **more}


def command(*words: str) -> list[str]:
    """Return the words that start a hunt whose findings go to standard output."""
    return [sys.executable, "-m", "sferic", "hunt", "--format", "ndjson", "--no-save", "--quiet", *words]


def ids(text: bytes) -> list[str]:
    """Return the ids of findings, one a line."""
    return [msgspec.json.decode(line)["id"] for line in text.splitlines()]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run a cluster for the tests of this file."""
    running = Cluster(tmp_path_factory.mktemp("spark"))
    yield running
    running.stop()


@needs_spark
def test_a_worker_is_lost(cluster: Cluster) -> None:
    """One of two workers is killed while it reads: the findings are those of one machine, byte for byte."""
    asked = command("--engine", "spark", "--master", cluster.master, str(ESTATE))
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as there:
        cluster.wait_for("two")
        assert there.poll() is None
        cluster.kill(cluster.workers[1])
        found, said = there.communicate()
    assert there.returncode == 0, said.decode()
    here = subprocess.run(command(str(ESTATE)), capture_output=True, check=True, env=environment())
    assert len(ids(here.stdout)) >= 10
    assert found == here.stdout
    assert b"WARN " not in said


@needs_spark
def test_objects(cluster: Cluster, tmp_path: Path) -> None:
    """Objects that Hadoop's own connector lists and reads give the findings of files; what cannot be read is told.

    It is `spark-submit` that starts the hunt, in a session of its own.
    """
    logs = tmp_path / "logs"
    logs.mkdir()
    shutil.copy(ESTATE / "hq-squid_access.log.gz", logs)
    (logs / "_SUCCESS").touch()
    (logs / ".hidden").touch()
    (logs / "a{1}.log").write_text("a line\n")
    with (logs / "big.log").open("wb") as big:
        big.truncate(MAX_OBJECT_BYTES + 1)
    (tmp_path / "hunt.py").write_text("import sys\nfrom sferic.cli import main\nsys.exit(main())\n")
    found = tmp_path / "found.ndjson"
    words = command("--engine", "spark", "--output", str(found), logs.as_uri(), "gopher://192.0.2.1/logs")
    asked = [word for word in words[words.index("hunt") :] if word != "--quiet"]
    submit = [str(spark_home() / "bin" / "spark-submit"), "--master", cluster.master, str(tmp_path / "hunt.py")]
    there = subprocess.run([*submit, *asked], capture_output=True, check=False, env=environment())
    here = subprocess.run(
        command(str(ESTATE / "hq-squid_access.log.gz")), capture_output=True, check=True, env=environment()
    )
    assert ids(here.stdout)
    assert found.read_bytes().replace(f"file:{logs}".encode(), str(ESTATE).encode()) == here.stdout
    said = " ".join(there.stdout.decode().split())
    assert there.returncode == 4
    assert "2 hidden files and folders" in said
    assert "a{1}.log: has a name that Spark takes for a pattern" in said
    assert "big.log: is larger than the 128 MB" in said
    assert "gopher://192.0.2.1/logs: cannot be listed: org.apache.hadoop.fs.UnsupportedFileSystemException" in said


def test_a_master_needs_the_engine(sferic: Sferic) -> None:
    """`--master` alone would be passed over, so it is refused."""
    ended = sferic("hunt", str(ESTATE), "--master", "spark://127.0.0.1:7077")
    assert ended.code == 2
    assert "`--engine spark`, too" in ended.err


def test_a_store_is_not_for_a_cluster(sferic: Sferic, tmp_path: Path) -> None:
    """A store is filled by one machine, so asking for both is refused."""
    ended = sferic("hunt", str(ESTATE), "--engine", "spark", "--store", str(tmp_path / "kept"))
    assert ended.code == 2
    assert "this machine alone" in ended.err
