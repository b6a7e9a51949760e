"""realistic-editing study and study-export: serve a user study, and write its ratings for the evaluation."""
import contextlib
import csv
import importlib.util
import ipaddress
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realistic_editing.apps.hosts import names_of
from realistic_editing.apps.results import refuse_overwriting
from realistic_editing.apps.serving import listening, serve, stop_as_by_ctrl_c
from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.evaluation.suites.ratings import RATING_COLUMNS

_FOLDER = Path("outputs/study")
RATERS = 8  # as many as the paper asked
MOST_RATERS = 10_000
_NEEDED = ("fastapi", "uvicorn", "sqlalchemy")


def study(options: Mapping[str, Any]) -> None:
    """Serve a study until it is stopped; the same command goes on with it.

    Args:
        options: folder, of photos, masks and results, see `folder_set`; task; port; host; allow_host, further names that it is
            reached by, or None; database, a file of SQLite or a URL, or None: outputs/study/FOLDER.sqlite, unless that is
            another folder's; raters, how many have a link at least, or None; address, by which raters reach the server, or
            None.

    Raises:
        InputError: when an option cannot be used, or the extra is not installed.
    """
    _need_extra()
    from realistic_editing.apps.study.database import files_of
    from realistic_editing.apps.study.panels import prepare
    from realistic_editing.apps.study.server import Study, create_app
    from realistic_editing.apps.study.store import Store

    folder, task = Path(options["folder"]), check_task(options["task"])
    check_regular(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the folder of photos, masks and results")
    if options["raters"] is not None and not 0 <= options["raters"] <= MOST_RATERS:
        raise InputError(f"raters is {options['raters']}; use a number from 0 to {MOST_RATERS}")
    stop_as_by_ctrl_c()
    with listening(options["host"], options["port"]) as listener:
        store = Store(options["database"] or _FOLDER / f"{folder.resolve().name}.sqlite")
        if not options["database"]:
            _check_folder(store, task, folder)
        pictures = (store.file.parent if store.file else _FOLDER) / "pictures"
        try:
            material = prepare(folder, task, store.secret("ids"), pictures)
        except InputError:
            store.close()
            for file in files_of(store.file) if store.new else ():  # a study that cannot begin leaves no database
                file.unlink(missing_ok=True)
            raise
        for problem in material.problems:
            print(f"left out: {problem}", file=sys.stderr)
        store.register([panel.rated for panel in material.panels.values()])
        store.keep_folder(task, _whole(folder))
        wanted = (0 if store.raters() else RATERS) if options["raters"] is None else options["raters"]
        for number in range(wanted):
            store.add_rater(f"rater {number + 1}")
        served = Study(store, material, task, options["address"].rstrip("/") if options["address"] else _address(listener))
        _announce(served)
        try:
            serve(create_app(served, names_of(options["host"], options.get("allow_host"))), listener)
        finally:
            store.close()


def study_export(options: Mapping[str, Any]) -> Path:
    """Write the ratings of a study as the CSV file that `scripts/evaluate.py ratings=` reads.

    Args:
        options: database, a file of SQLite or a URL; output, the CSV file.

    Returns:
        The file.

    Raises:
        InputError: when there is no such study, it holds no ratings, or the file would be written over its database.
    """
    _need_extra()
    from realistic_editing.apps.study.database import files_of
    from realistic_editing.apps.study.store import Store

    output = Path(options["output"])
    with contextlib.closing(Store(options["database"], create=False)) as store:
        refuse_overwriting([output], files_of(store.file) if store.file else [])
        rows = store.export()
    if not rows:
        raise InputError(f"{store.name}: holds no ratings yet; send the raters their links")
    with replacing(output) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(RATING_COLUMNS)
        writer.writerows(rows)
    print(f"{len(rows)} ratings: {output}\nthe tables: python scripts/evaluate.py ratings={output}")
    return output


def _need_extra() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"a study needs {', '.join(missing)}; {how_to_install('study')}")


def _check_folder(store, task: str, folder: Path) -> None:
    """Refuse a database that has its name by default and belongs to another folder of the same name."""
    known = store.folders()
    expected = {known[task]} if task in known else set(known.values())
    if expected and _whole(folder) not in expected:
        raise InputError(
            f"{store.name}: holds the study of {' and '.join(sorted(expected))}, not of {_whole(folder)}; "
            "add another --database for a study of its own, or, where the folder has moved, go on once with "
            f"--database {store.name}"
        )


def _whole(folder: Path) -> str:
    return os.fsencode(folder.resolve()).decode(errors="backslashreplace")  # databases take Unicode only


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(served) -> None:
    """Print the links; the admin's alone leads to all others."""
    methods = {panel.rated.method for panel in served.material.panels.values()}
    print(f"{len(served.material.panels)} panels of {len(methods)} methods; ratings go into {served.store.name}")
    for rater in served.store.raters():
        print(f"  {rater.name}: {served.link(rater)}")
    print(f"admin: {served.admin_link()}", flush=True)
    if served.address.startswith("http://") and "//127.0.0.1:" not in served.address and "//[::1]:" not in served.address:
        print("note: links travel unencrypted; put an HTTPS proxy before the server, and name it by --address", file=sys.stderr)
