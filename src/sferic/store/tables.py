"""The tables of a store, how older ones are brought up to date, and how the file is opened.

Text stands in the rows themselves, so that anybody can ask the file with SQL; DuckDB packs what repeats. Only the
names of files stand apart, for rotation changes them, and a change to every row would have to fit into memory.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb

from sferic.model.errors import DiskFull, SettingsError, SfericError, UnreadableInput, UsageError

MIGRATIONS = (
    """
    CREATE TABLE rows (
        time_s DOUBLE, source VARCHAR, client VARCHAR, address VARCHAR, forwarded VARCHAR, "user" VARCHAR,
        process VARCHAR, agent VARCHAR, host VARCHAR, other_host VARCHAR, place INTEGER,
        up BIGINT, down BIGINT, total BIGINT, duration_ms BIGINT, path VARCHAR, method VARCHAR, flags USMALLINT,
        file VARCHAR, line BIGINT, link BIGINT, port INTEGER
    );
    CREATE TABLE callers (
        first_s DOUBLE, last_s DOUBLE, source VARCHAR, client VARCHAR, "user" VARCHAR, process VARCHAR, agent VARCHAR,
        place INTEGER, rows BIGINT
    );
    CREATE TABLE places (number INTEGER PRIMARY KEY, owner VARCHAR, body VARCHAR);
    CREATE TABLE files (
        label VARCHAR PRIMARY KEY, size BIGINT, lines BIGINT, head VARCHAR, tail VARCHAR, grows BOOLEAN
    );
    CREATE TABLE names (address VARCHAR, client VARCHAR, host VARCHAR, time_s DOUBLE);
    CREATE TABLE domains (host VARCHAR PRIMARY KEY, body VARCHAR);
    CREATE TABLE unweighed (client VARCHAR);
    CREATE TABLE findings (
        id VARCHAR PRIMARY KEY, client VARCHAR, state VARCHAR, score INTEGER, first_found BIGINT, last_found BIGINT,
        last_seen BIGINT, body VARCHAR
    );
    """,
    """
    ALTER TABLE findings ADD COLUMN told VARCHAR;
    UPDATE findings SET told = regexp_extract(body, '"severity":"([a-z]+)"', 1) WHERE state = 'open';
    """,
    """
    CREATE TABLE labels (number INTEGER, label VARCHAR);
    INSERT INTO labels SELECT row_number() OVER (ORDER BY file) - 1, file FROM (SELECT DISTINCT file FROM rows);
    CREATE TABLE numbered AS SELECT rows.* REPLACE (number AS file) FROM rows JOIN labels ON file = label;
    DROP TABLE rows;
    ALTER TABLE numbered RENAME TO rows;
    """,
)
"""What each version adds to the one before; never changed after a release, only appended to."""
_CONFIG: Mapping[str, str | bool] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
LEAST_BYTES = 64 << 20
"""What DuckDB is given at least; two million rows go in and out with that."""
_MOST_BYTES = 1 << 30
_NEWEST = "a store of this version of Sferic or an older one"


def opened(path: Path, *, read_only: bool = False, memory_bytes: int = _MOST_BYTES) -> duckdb.DuckDBPyConnection:
    """Open a store, and bring it up to date unless it is only read; DuckDB keeps so much of it in memory at most.

    Raises UsageError where another process has it open, SettingsError where it is no store.
    """
    fresh = not path.exists()
    if fresh and read_only:
        hint = "`sferic hunt PATH --store FILE` makes one"
        raise UnreadableInput("there is no such store", where=str(path), hint=hint)
    with suppress(OSError):  # what a run that was killed left, perhaps one of an older version
        log_of(path).chmod(0o600)
    if fresh and not path.parent.is_dir():
        raise UnreadableInput("there is no such folder for a store", where=str(path.parent), hint="make it first")
    try:
        limit = f"{max(LEAST_BYTES, min(memory_bytes, _MOST_BYTES)) >> 20}MiB"
        con = duckdb.connect(str(path), read_only=read_only, config={**_CONFIG, "memory_limit": limit})
    except duckdb.Error as error:
        raise _refusal(path, error) from error
    try:
        _up_to_date(con, path, read_only=read_only)
    except (duckdb.Error, SfericError) as error:
        con.close()
        if said := full(path, error):
            raise said from error
        raise
    return con


def log_of(path: Path) -> Path:
    """Return where DuckDB writes down what it has not yet written into the store."""
    return path.with_name(f"{path.name}.wal")


def full(path: Path, error: BaseException | None) -> DiskFull | None:
    """Return what to say if an error of DuckDB tells of a full disk; None for any other."""
    if not isinstance(error, duckdb.Error) or "No space left" not in str(error):
        return None
    hint = "free some room and run it again: what was taken before stays, and the run goes on from there"
    return DiskFull("no space left on the disk for the store", where=str(path), hint=hint)


def _refusal(path: Path, error: duckdb.Error) -> Exception:
    text = str(error)
    if said := full(path, error):
        return said
    if "lock" in text:
        hint = "wait until it has ended; to read meanwhile, copy the file after a run"
        return UsageError("another process has this store open, and only one may", where=str(path), hint=hint)
    if "not a valid DuckDB" in text or "version" in text:
        return SettingsError("is no store that can be read", where=str(path), expected=_NEWEST)
    reason = text.splitlines()[0].rpartition(": ")[2]
    return UnreadableInput(f"the store cannot be opened: {reason}", where=str(path), expected="a file of your own")


def version(con: duckdb.DuckDBPyConnection) -> int:
    """Return which version of the tables a store has; 0 for an empty file. Raises duckdb.Error for another's file."""
    tables = {name for (name,) in con.sql("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        return 0
    found = con.sql("SELECT value FROM meta WHERE key = 'schema'").fetchall()
    return int(found[0][0]) if found else 0


def _up_to_date(con: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool) -> None:
    try:
        has = version(con)
    except (duckdb.Error, ValueError) as error:
        raise SettingsError("is a DuckDB file, but no store", where=str(path), expected=_NEWEST) from error
    if has > len(MIGRATIONS):
        raise SettingsError(f"was written by a newer version (schema {has})", where=str(path), expected=_NEWEST)
    if has == len(MIGRATIONS):
        return
    if read_only:
        hint = "a hunt with `--store` brings it up to date"
        raise SettingsError(f"was written by an older version (schema {has})", where=str(path), hint=hint)
    con.execute("BEGIN")
    try:
        con.execute("CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR)")
        for step in MIGRATIONS[has:]:
            con.execute(step)
        con.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", [str(len(MIGRATIONS))])
        con.execute("COMMIT")
    except duckdb.Error:
        with suppress(duckdb.Error):
            con.execute("ROLLBACK")
        raise
