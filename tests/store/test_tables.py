"""A store is opened by one process, brought up to date, and refused with a reason where it cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import msgspec
import pytest

from sferic.model.errors import DiskFull, SettingsError, SfericError, UnreadableInput, UsageError
from sferic.model.finding import Finding
from sferic.store import tables
from sferic.store.history import History


def test_a_new_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds log lines, and so does what DuckDB writes beside it until the store is closed."""
    path = tmp_path / "history.db"
    mask = os.umask(0o022)
    try:
        with History(path) as history:
            history.hold_to(tiers="core")
            files = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
        assert files == {"history.db": 0o600, "history.db.wal": 0o600}
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(mask)


def test_what_a_killed_run_left_is_closed_to_others(tmp_path: Path) -> None:
    """An older version left its journal readable to everybody; the next run mends that."""
    path = tmp_path / "history.db"
    code = "import os, sys; from pathlib import Path; from sferic.store.history import History; "
    code += "store = History(Path(sys.argv[1])); store.hold_to(tiers='core'); os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    log = tables.log_of(path)
    log.chmod(0o644)
    with History(path) as history:
        assert not log.exists() or log.stat().st_mode & 0o777 == 0o600
        with pytest.raises(UsageError, match="tiers was 'core'"):
            history.hold_to(tiers="noisy")


def test_the_mask_is_given_back_where_no_store_opens(tmp_path: Path) -> None:
    """A store that cannot be opened changes nothing for files made afterwards."""
    mask = os.umask(0o022)
    try:
        with pytest.raises(SfericError):
            History(tmp_path / "none" / "history.db")
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(mask)


def test_a_full_disk_is_said_and_the_store_closed(tmp_path: Path) -> None:
    """DuckDB's words for it become a refusal; other errors of it stay what they are."""
    path = tmp_path / "history.db"
    text = f'Could not write file "{path}": No space left on device'
    with pytest.raises(DiskFull, match=r"history\.db: no space left") as caught, History(path):
        raise duckdb.FatalException(text)
    assert caught.value.exit_code == 10
    with pytest.raises(duckdb.FatalException, match="else"), History(path):
        raise duckdb.FatalException("something else")


def test_an_older_store_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that a newer version adds is done once, and nothing is lost."""
    path = tmp_path / "history.db"
    with History(path) as history:
        history.hold_to(tiers="core")
    newer = (*tables.MIGRATIONS, "ALTER TABLE files ADD COLUMN extra VARCHAR")
    monkeypatch.setattr(tables, "MIGRATIONS", newer)
    for _ in range(2):
        con = tables.opened(path)
        assert tables.version(con) == len(newer)
        assert con.sql("SELECT extra FROM files").fetchall() == []
        assert con.sql("SELECT value FROM meta WHERE key = 'tiers'").fetchall() == [("core",)]
        con.close()


def test_what_older_stores_hold_stays(tmp_path: Path) -> None:
    """Open findings from before outputs were noted count as told; rows get numbers for the names of their files."""
    path = tmp_path / "history.db"
    with duckdb.connect(str(path)) as con:
        con.execute(tables.MIGRATIONS[0])
        con.execute("CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR)")
        con.execute("INSERT INTO meta VALUES ('schema', '1')")
        for state in ("open", "below"):
            body = msgspec.json.encode(Finding(id=state, analytic="beacon", score=50, points=1, severity="medium"))
            row = [state, "10.1.0.5", state, 50, 1, 2, 3, body.decode()]
            con.execute("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        for line, name in enumerate(("b.log", "a.log", "b.log")):
            con.execute("INSERT INTO rows (file, line) VALUES (?, ?)", [name, line])
    with pytest.raises(SettingsError, match=r"older version .* brings it up to date"):
        History(path, read_only=True)
    with History(path) as history:
        assert [(kept.state, kept.told) for kept in history.findings()] == [("open", "medium"), ("below", None)]
    with duckdb.connect(str(path)) as con:
        rows = con.sql("SELECT label, line FROM rows JOIN labels ON file = number ORDER BY line").fetchall()
        assert rows == [("b.log", 0), ("a.log", 1), ("b.log", 2)]


def test_a_step_that_fails_leaves_the_older_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a migration does not exist."""
    path = tmp_path / "history.db"
    History(path).close()
    with monkeypatch.context() as patch:
        patch.setattr(tables, "MIGRATIONS", (*tables.MIGRATIONS, "CREATE TABLE more (a INTEGER)", "nonsense"))
        with pytest.raises(duckdb.Error):
            tables.opened(path)
    con = tables.opened(path)
    assert tables.version(con) == len(tables.MIGRATIONS)
    assert con.sql("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'more'").fetchall() == [(0,)]
    con.close()


def _newer(path: Path) -> None:
    con = tables.opened(path)
    con.execute("UPDATE meta SET value = '99'")
    con.close()


def _foreign(path: Path) -> None:
    con = duckdb.connect(str(path))
    con.execute("CREATE TABLE mine (a INTEGER)")
    con.close()


def _text(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


@pytest.mark.parametrize(
    ("make", "reason"),
    [(_newer, "newer version (schema 99)"), (_foreign, "is a DuckDB file, but no store"), (_text, "is no store")],
)
def test_what_is_no_store_is_refused(tmp_path: Path, make: object, reason: str) -> None:
    """The message says what the file is, and what was expected."""
    path = tmp_path / "history.db"
    assert callable(make)
    make(path)
    with pytest.raises(SettingsError) as caught:
        History(path)
    assert reason in str(caught.value)
    assert "expected: a store of this version of Sferic or an older one" in str(caught.value)


def test_reading_makes_no_store(tmp_path: Path) -> None:
    """A wrong name is an error, not an empty store."""
    with pytest.raises(UnreadableInput, match="no such store"):
        History(tmp_path / "history.db", read_only=True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The folder is named, not what DuckDB says of the file."""
    with pytest.raises(UnreadableInput, match="none: there is no such folder for a store; hint: make it first"):
        History(tmp_path / "none" / "history.db")


def test_what_cannot_be_opened_is_said_without_the_databases_words(tmp_path: Path) -> None:
    """What the system says is passed on, as an error of ours."""
    with pytest.raises(UnreadableInput) as caught:
        History(tmp_path)
    assert caught.value.where == str(tmp_path)
    assert "IO Error" not in str(caught.value)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_second_process_is_told_that_the_store_is_open(tmp_path: Path, read_only: bool) -> None:
    """One process has the store; another gets a clear message and leaves it as it is."""
    path = tmp_path / "history.db"
    code = "import sys; from pathlib import Path; from sferic.store.history import History; "
    code += "store = History(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(UsageError, match="another process has this store open, and only one may"):
            History(path, read_only=read_only)
        holder.kill()


def test_other_settings_are_refused(tmp_path: Path) -> None:
    """What the first run's tiers left out is not in the store, so a later run cannot ask for it."""
    with History(tmp_path / "history.db") as history:
        history.hold_to(tiers="core")
        history.hold_to(tiers="core")
        with pytest.raises(UsageError, match="tiers was 'core' when this store was begun, and is 'noisy' now"):
            history.hold_to(tiers="noisy")
