"""What a study keeps: raters, panels and ratings, in SQLite or PostgreSQL. A rating that was acknowledged is on disk."""
import dataclasses
import datetime
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from realistic_editing.apps.study.database import add_column, connect, make_file, make_private, read_url, refused
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular
from realistic_editing.evaluation.suites.ratings import HIGHEST, LOWEST

FORMULA = ("=", "+", "-", "@")  # how what a spreadsheet runs begins
LONGEST_NAME = 100  # characters of a rater's name
_FOLDER = "folder of "  # begins the names of settings
_SCHEMA = sa.MetaData()
_SETTINGS = sa.Table(
    "study_setting", _SCHEMA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)  # fmt: skip
_RATERS = sa.Table(
    "study_rater", _SCHEMA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    sa.Column("token", sa.Text, unique=True, nullable=False),
)  # fmt: skip
_PANELS = sa.Table(
    "study_panel", _SCHEMA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("image", sa.Text, nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.UniqueConstraint("image", "task", "method"),
)  # fmt: skip
_RATINGS = sa.Table(
    "study_rating", _SCHEMA,
    sa.Column("rater", sa.ForeignKey("study_rater.id"), primary_key=True),
    sa.Column("panel", sa.ForeignKey("study_panel.id"), primary_key=True),  # nobody rates a panel twice
    *(
        sa.Column(name, sa.Integer, sa.CheckConstraint(f"{name} BETWEEN {LOWEST} AND {HIGHEST}"), nullable=False)
        for name in ("effectiveness", "realism")
    ),
    sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False, server_default="0"),  # see `rate`; 0 before it was kept
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Rater:
    """Who rates. The token is all that a rater's link holds."""

    id: int
    name: str
    token: str


@dataclasses.dataclass(frozen=True)
class Rated:
    """What may be rated, without its pictures: an opaque id for the browser, and what stands behind it."""

    id: str
    image: str
    task: str
    method: str
    digest: str  # of the three pictures


class Store:
    """A study's database; safe to share among threads, and among processes.

    Args:
        database: a file of SQLite, or a URL, such as postgresql://user:password@host/name.
        create: make what is absent; otherwise its absence is an error.

    Raises:
        InputError: when the database cannot be opened.
    """

    def __init__(self, database: str | Path, create: bool = True):
        url = read_url(database)
        self.file = Path(url.database) if url.get_backend_name() == "sqlite" else None
        if self.file:
            check_regular(self.file)
        self.name = str(self.file or url.render_as_string(hide_password=True))
        self.new = create and self.file is not None and make_file(self.file)  # whether the file was absent
        if self.file and not create and not self.file.is_file():
            raise InputError(f"{self.file}: no such database; give the one that the study printed when it began")
        self._engine = connect(url, self.name)
        self._insert = sqlite.insert if self.file else postgresql.insert
        try:
            if create:
                _SCHEMA.create_all(self._engine)
                add_column(self._engine, _RATINGS.c.number)
            elif not sa.inspect(self._engine).has_table(_RATINGS.name):
                raise InputError(f"{self.name}: holds no study; give the database that the study printed when it began")
        except sa.exc.SQLAlchemyError as error:
            raise refused(self.name, error) from error
        if self.file:
            make_private(self.file)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def secret(self, name: str) -> str:
        """An unguessable text that this study keeps under this name; made when first asked for."""
        with self._engine.begin() as connection:
            new = self._insert(_SETTINGS).values(name=name, value=secrets.token_urlsafe(24))
            connection.execute(new.on_conflict_do_nothing())
            return connection.execute(sa.select(_SETTINGS.c.value).where(_SETTINGS.c.name == name)).scalar_one()

    def folders(self) -> dict[str, str]:
        """Task -> the folder that was served last for it."""
        chosen = sa.select(_SETTINGS).where(_SETTINGS.c.name.startswith(_FOLDER))
        with self._engine.connect() as connection:
            return {row.name.removeprefix(_FOLDER): row.value for row in connection.execute(chosen)}

    def keep_folder(self, task: str, folder: str) -> None:
        """Remember which folder was served for a task."""
        with self._engine.begin() as connection:
            new = self._insert(_SETTINGS).values(name=_FOLDER + task, value=folder)
            connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"value": folder}))

    def add_rater(self, name: str) -> Rater:
        """Make a rater with a link; one who is there already keeps his.

        Raises:
            InputError: when the name is too long, or none, see `check_name`.
        """
        name = check_name(name, "rater")
        if len(name) > LONGEST_NAME:
            raise InputError(f"the rater's name has {len(name)} characters; use at most {LONGEST_NAME}")
        with self._engine.begin() as connection:
            new = self._insert(_RATERS).values(name=name, token=secrets.token_urlsafe(24))
            connection.execute(new.on_conflict_do_nothing(index_elements=["name"]))
            return Rater(*connection.execute(sa.select(_RATERS).where(_RATERS.c.name == name)).one())

    def raters(self) -> list[Rater]:
        """All, in the order in which they came."""
        with self._engine.connect() as connection:
            return [Rater(*row) for row in connection.execute(sa.select(_RATERS).order_by(_RATERS.c.id))]

    def rater(self, token: str) -> Rater | None:
        """Whom a link belongs to."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(_RATERS).where(_RATERS.c.token == token)).one_or_none()
        return Rater(*row) if row else None

    def register(self, panels: Sequence[Rated]) -> None:
        """Make panels known, so that they can be rated.

        Raises:
            InputError: when a panel's pictures are others than those that were rated.
        """
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(_PANELS.c.id, _PANELS.c.digest)).all()
            known, rated = dict(map(tuple, rows)), set(connection.scalars(sa.select(_RATINGS.c.panel).distinct()))
            for panel in panels:
                if panel.id in rated and known[panel.id] != panel.digest:
                    raise InputError(
                        f"the pictures of {panel.image} by {panel.method} have changed since they were rated; put the old ones "
                        "back, or begin another study with another --database"
                    )
                row = self._insert(_PANELS).values(**dataclasses.asdict(panel))
                connection.execute(row.on_conflict_do_update(index_elements=["id"], set_={"digest": panel.digest}))

    def rate(self, rater: int, panel: str, effectiveness: int, realism: int, number: int) -> None:
        """Keep a rating; on disk when this returns. A second of the same panel takes the first one's place, unless it is older.

        Args:
            rater, panel: ids.
            effectiveness, realism: from 1 to 10.
            number: grows with each answer to this panel; one below what is held comes late, and changes nothing.
        """
        now = datetime.datetime.now(datetime.timezone.utc)
        given = {"effectiveness": effectiveness, "realism": realism, "rated_at": now, "number": number}
        row = self._insert(_RATINGS).values(rater=rater, panel=panel, **given)
        # One statement, so that of two that arrive at once the newer one stays.
        newer = row.on_conflict_do_update(index_elements=["rater", "panel"], set_=given, where=_RATINGS.c.number <= number)
        with self._engine.begin() as connection:
            connection.execute(newer)

    def number(self, rater: int, panel: str) -> int:
        """Of the answer that is held; 0 where there is none."""
        chosen = sa.select(_RATINGS.c.number).where(_RATINGS.c.rater == rater, _RATINGS.c.panel == panel)
        with self._engine.connect() as connection:
            return connection.scalar(chosen) or 0

    def ratings_of(self, rater: int) -> dict[str, tuple[int, int]]:
        """Panel -> (effectiveness, realism) of what a rater has rated."""
        chosen = sa.select(_RATINGS.c.panel, _RATINGS.c.effectiveness, _RATINGS.c.realism).where(_RATINGS.c.rater == rater)
        with self._engine.connect() as connection:
            return {row.panel: (row.effectiveness, row.realism) for row in connection.execute(chosen)}

    def done(self) -> list[tuple[int, str]]:
        """(rater, panel) of every rating."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.select(_RATINGS.c.rater, _RATINGS.c.panel))]

    def export(self) -> Iterable[tuple[str, str, str, str, int, int]]:
        """Rater, image, task, method, effectiveness and realism of every rating, sorted."""
        of_panel, of_rating = _PANELS.c["image", "task", "method"], _RATINGS.c["effectiveness", "realism"]
        rows = sa.select(_RATERS.c.name, *of_panel, *of_rating).select_from(_RATINGS.join(_RATERS).join(_PANELS))
        with self._engine.connect() as connection:
            return sorted(tuple(row) for row in connection.execute(rows))  # here, since databases sort text each in its way


def check_name(name: str, what: str) -> str:
    """A name of a rater, an image or a method that a line of CSV brings back as it was; spaces around it are taken away.

    Raises:
        InputError: when it is empty, holds control or format characters or what is not Unicode, or begins as a formula does.
    """
    name = name.strip()
    if name.startswith(FORMULA):
        raise InputError(f"{what} {name!r}: begins with {name[0]}, as a spreadsheet's formulas do; give another name")
    if not name or any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in name):
        raise InputError(f"{what} {name!r}: is empty or holds control or format characters; give a name of letters")
    return name
