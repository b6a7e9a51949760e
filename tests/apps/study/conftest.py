"""A study's folder with hostile names, its server in a process of its own, and a PostgreSQL server of the tests' own."""
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import uuid
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

for needed in ("fastapi", "uvicorn", "sqlalchemy"):
    pytest.importorskip(needed, reason="needs the extra study: pip install -e .[dev]")

SCRIPT = "<img src=x onerror=alert(1)>"  # a name of an image, a method and a rater
METHODS = ("ours", f'"{SCRIPT}')


@pytest.fixture(scope="session")
def make_folder():
    """`_make_folder`, for tests that want photos of their own."""
    return _make_folder


def _make_folder(folder: Path, images: list[str], size: int = 240) -> Path:
    """Photos with masks, and results of METHODS, each of a colour of its own."""
    rng = np.random.default_rng(0)
    for child in (folder, *(folder / method for method in METHODS)):
        child.mkdir()
    for image in images:
        photo = rng.integers(0, 256, (size, size * 3 // 2, 3), dtype=np.uint8)
        Image.fromarray(photo).save(folder / f"{image}.jpg")
        mask = np.zeros(photo.shape[:2], np.uint8)
        inside = slice(size // 6, 2 * size // 3)
        mask[inside, inside] = 255
        Image.fromarray(mask).save(folder / f"{image}_mask.png")
        for number, method in enumerate(METHODS):
            edited = photo.copy()
            edited[inside, inside] = (200 * number, 60, rng.integers(256))
            Image.fromarray(edited).save(folder / method / f"{image}.{('png', 'webp')[number]}", comment=method)
    return folder


class Served:
    """`realistic-editing study` in a process of its own, in `cwd`."""

    def __init__(self, cwd: Path, *options: str, folder: str = "photos", port: int = 0):
        self.cwd, self.options, self.folder, self.port = cwd, options, folder, port
        self.start()

    def start(self) -> None:
        program = [sys.executable, "-m", "realistic_editing.apps.cli"]
        command = [*program, "study", self.folder, "--port", str(self.port), *self.options]
        self.errors = open(self.cwd / "errors.txt", "a+")
        self.process = subprocess.Popen(command, cwd=self.cwd, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("admin: "):
                break
        else:
            raise AssertionError((self.cwd / "errors.txt").read_text())
        self.admin = urllib.parse.urlsplit(re.search(r"admin: (\S+)", self.said)[1]).path
        links = re.findall(r"^  (.*): (http\S+)$", self.said, re.M)
        self.links = {name: urllib.parse.urlsplit(link).path for name, link in links}
        self.port = self.port or int(re.search(r"admin: http://127\.0\.0\.1:(\d+)/", self.said)[1])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, path: str, form=None, method=None, headers=None, connection=None):
        """One request as it stands, without following anything: status, headers, text or bytes."""
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = urllib.parse.urlencode(form, True) if isinstance(form, dict) else form
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        connection.request(method or ("GET" if body is None else "POST"), path, body, kind | (headers or {}))
        answer = connection.getresponse()
        content = answer.read()
        text = content if answer.getheader("content-type", "").startswith("image/") else content.decode()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    def form(self, address: str, effectiveness: int, realism: int) -> dict:
        """A panel's form as a browser sends it, filled in."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', self.ask(address)[2]))
        return {**hidden, "effectiveness": effectiveness, "realism": realism}

    def add(self, name: str) -> str:
        """A new rater, by the admin's page: the path of the link."""
        assert self.ask(self.admin, {"name": name})[0] == 303
        return re.findall(r'href="http://127\.0\.0\.1:\d+(/r/[^"]+)"', self.ask(self.admin)[2])[-1]

    def close(self) -> None:
        self.kill()
        self.process.stdout.close()
        self.errors.close()


@pytest.fixture
def serve():
    """Served(...), ended with the test."""
    running = []

    def start(*arguments, **named):
        running.append(Served(*arguments, **named))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A study of two photos by two methods, for tests that add raters of their own."""
    cwd = tmp_path_factory.mktemp("study")
    _make_folder(cwd / "photos", ["bench", SCRIPT])
    served = Served(cwd, "--task", "attenuate", "--raters", "0")
    yield served
    served.close()


@pytest.fixture
def postgres(postgres_server):
    """The URL of an empty database of PostgreSQL."""
    import sqlalchemy

    name = f"study_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return postgres_server.replace("+psycopg", "").replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgres_server():
    """The URL of a PostgreSQL server of this session's own, in a temporary folder, without a port."""
    pytest.importorskip("psycopg", reason="needs psycopg: pip install -e .[dev]")
    if not all(map(shutil.which, ("initdb", "pg_ctl"))):
        pytest.skip("needs PostgreSQL's initdb and pg_ctl on the path")
    folder, run_as = tempfile.mkdtemp(prefix="study_pg_", dir="/tmp"), []
    if os.geteuid() == 0:  # which PostgreSQL refuses to be
        try:
            shutil.chown(folder, "postgres", "postgres")
        except LookupError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        if not shutil.which("setpriv"):
            pytest.skip("PostgreSQL does not run as root, and setpriv is not installed")
        run_as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def do(*command):
        with open("/dev/null", "w") as nowhere:  # a pipe would be held open by the server
            subprocess.run([*run_as, *command], cwd=folder, check=True, stdout=nowhere, stderr=nowhere, timeout=60)

    data = f"{folder}/data"
    do("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--locale=C", "--encoding=UTF8")
    do("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -c listen_addresses=''", "start")
    yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    do("pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)
