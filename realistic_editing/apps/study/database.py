"""Open a study's database, a private file of SQLite or a PostgreSQL server, and bring older ones up to date."""
import logging
import stat
from pathlib import Path

import sqlalchemy as sa

from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install

logger = logging.getLogger(__name__)

USABLE = "use a file of SQLite, or postgresql://user:password@host/name"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_url(database: str | Path) -> sa.URL:
    """What to connect to.

    Args:
        database: a file of SQLite, or a URL, such as postgresql://user:password@host/name.

    Raises:
        InputError: when it is neither, or would be lost when the server stops.
    """
    text = str(database)
    try:
        url = sa.make_url(text) if "://" in text else sa.URL.create("sqlite", database=text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InputError("the database's URL cannot be read; use postgresql://user:password@host/name") from error
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and (url.database in (None, "", ":memory:") or "uri" in url.query):
        raise InputError(f"{url.render_as_string()}: names no file, so that ratings might be lost; {USABLE}")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputError(f"{url.render_as_string()}: {USABLE}")
    return url


def connect(url: sa.URL, name: str) -> sa.Engine:
    """An engine for many threads; it connects when it is first used.

    Args:
        url: see `read_url`.
        name: for the error.

    Raises:
        InputError: when the URL's driver or settings cannot be used.
    """
    file = url.get_backend_name() == "sqlite"
    try:
        engine = sa.create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=not file)
    except ModuleNotFoundError as error:
        raise InputError(f"{name}: needs {error.name}; {how_to_install('study')}, and {USABLE}") from error
    except (sa.exc.ArgumentError, TypeError, ValueError) as error:  # an unknown driver, or a setting that it does not know
        raise InputError(f"{name}: cannot be opened ({_first_line(error)}); {USABLE}") from error
    if file:
        sa.event.listen(engine, "connect", _configure_sqlite)
    return engine


def refused(name: str, error: sa.exc.SQLAlchemyError) -> InputError:
    """What to say of a database that cannot be opened."""
    why = _first_line(getattr(error, "orig", None) or error)
    return InputError(f"{name}: cannot be opened ({why}); check the address and the rights")


def make_file(file: Path) -> bool:
    """Make a file of SQLite that is private from its first byte, and its folder.

    Returns:
        Whether it was absent.

    Raises:
        InputError: when it cannot be made.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        absent = not file.exists()
        if absent:
            file.touch(mode=0o600)
        return absent
    except OSError as error:
        raise InputError(f"{file}: cannot be made ({error.strerror}); choose another place with --database") from error


def files_of(file: Path) -> tuple[Path, ...]:
    """A file of SQLite and its logs, which hold what is not yet in it; they come and go with its connections."""
    return file, *(file.with_name(f"{file.name}-{log}") for log in ("wal", "shm", "journal"))


def make_private(file: Path) -> None:
    """Take all rights to a file of SQLite and its logs from others: links are as good as passwords. Warns where it may not."""
    for path in files_of(file):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & OTHERS:
                path.chmod(mode & ~OTHERS)
        except FileNotFoundError:
            continue
        except OSError as error:
            why = error.strerror
            logger.warning("%s: others may read the raters' links and answers (%s); let its owner chmod 600 it", path, why)


def add_column(engine: sa.Engine, column: sa.Column) -> None:
    """Add a column with a default to a table that an older version made; other processes may be at it too."""
    def absent() -> bool:
        return column.name not in {known["name"] for known in sa.inspect(engine).get_columns(column.table.name)}

    if not absent():
        return
    written = sa.schema.CreateColumn(column).compile(dialect=engine.dialect)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE {column.table.name} ADD COLUMN {written}"))
    except sa.exc.DBAPIError:
        if absent():
            raise


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _configure_sqlite(connection, _record) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")  # milliseconds; writers wait for each other
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # the log is on disk before a commit returns, even where the power fails
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
