"""Begins a session on a Spark cluster, or takes the one that is there, and says in a sentence why it cannot be.

What it does not do: end the session, or run anything on it.
"""

import os
import shutil
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sferic.model.errors import ClusterError, UsageError

ANSWER_S = 10.0
"""A master must answer within this time."""
_QUIET = Path(__file__).with_name("spark-log4j2.properties")
"""What Spark logs on this machine, where the session is our own."""
_SETTINGS = {"spark.ui.enabled": "false", "spark.driver.maxResultSize": "0"}
_NEAR = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def running() -> Any:
    """Return the session's context that somebody else has begun, or None."""
    return getattr(pyspark().SparkContext, "_active_spark_context", None)


def begun(master: str | None) -> Any:
    """Begin a session and return its context. Raises UsageError without pyspark or Java, ClusterError if it fails.

    Without a master it is what Spark's own settings say, else all cores of this machine.
    """
    check_java()
    check_master(master or "")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_SUBMIT_OPTS", f"-Dlog4j2.configurationFile={_QUIET.as_uri()}")
    spark = pyspark()
    try:
        gateway = import_module("pyspark.java_gateway").launch_gateway()
        conf = spark.SparkConf(_jvm=gateway.jvm).setAppName("sferic hunt")  # with what Spark's own settings say
        conf.set("spark.ui.showConsoleProgress", "false")  # a hunt shows its own
        if master:
            conf.setMaster(master)
        given = _SETTINGS | _NEAR if _is_near(conf.get("spark.master", "")) else _SETTINGS
        for name, value in given.items():
            conf.setIfMissing(name, value)
        return spark.SparkContext(conf=conf, gateway=gateway)
    except Exception as error:
        hint = "Java 17 or 21? Is the cluster's Spark of the same version as pyspark?"
        raise ClusterError(f"Spark does not start: {reason(error)}", where=master or "", hint=hint) from error


def pyspark() -> Any:
    """Return the module; raises UsageError if it is not installed."""
    try:
        return import_module("pyspark")
    except ModuleNotFoundError:
        hint = "pip install 'sferic[spark]'"
        raise UsageError("`--engine spark` needs PySpark, which is not installed", hint=hint) from None


def check_java() -> None:
    """Raise UsageError if no Java can be found."""
    home = os.environ.get("JAVA_HOME", "")
    if not shutil.which("java") and not (home and Path(home, "bin", "java").is_file()):
        hint = "on Debian: apt-get install openjdk-17-jre-headless; else set JAVA_HOME"
        expected = "`java` on PATH, or JAVA_HOME"
        raise UsageError("Spark needs Java 17 or 21, and there is no Java", expected=expected, hint=hint)


def check_master(master: str) -> None:
    """Raise ClusterError if no master of a standalone cluster answers: Spark itself would try for minutes."""
    if not master.startswith("spark://"):
        return
    problem = "no address"
    for place in master.removeprefix("spark://").split(","):
        try:
            parts = urlsplit(f"spark://{place}")
            with socket.create_connection((parts.hostname or "", parts.port or 7077), ANSWER_S):
                return
        except (OSError, ValueError) as error:
            problem = str(error)
    hint = "is it running, and is a firewall between?"
    raise ClusterError(f"no Spark master answers: {problem}", where=master, hint=hint)


def _is_near(master: str) -> bool:
    host = urlsplit(master.partition(",")[0]).hostname
    return master.startswith("local") or host in {"127.0.0.1", "localhost"}


def reason(error: BaseException) -> str:
    """Say the last line of what a worker's Python said, else the first of what Spark did."""
    text = str(getattr(error, "java_exception", None) or error)
    told = [line.strip() for line in text.splitlines() if line[:1].isalpha() and "Error" in line.partition(":")[0]]
    lines = text.strip().splitlines() or [type(error).__name__]
    said = told[-1] if told else lines[0]
    missing = "; hint: Sferic must be installed in the workers' Python" if "No module named" in said else ""
    return f"{said[:300]}{missing}"
