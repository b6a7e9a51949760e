"""Output whose reader leaves, and terminals that lack letters."""
import os
import subprocess
import sys

import pytest

from realistic_editing.ops import Recipe, all_orders

RUN = [sys.executable, "-m", "realistic_editing"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("words", "closed"),
    [
        (["edit", "--help"], "stdout"), (["edit", "--help"], "stderr"), (["recipe", "{recipe}"], "stdout"),
        (["study", "absent", "--task", "amplify"], "stderr"),  # which needs no PyTorch to say that there is no such folder
    ],
)  # fmt: skip
def test_a_pipe_that_closes_raises_nothing(tmp_path, tiny_recipe, unbuffered, words, closed):
    command = [*RUN, *(word.format(recipe=tiny_recipe) for word in words)]
    read, write = os.pipe()
    os.close(read)
    other = "stderr" if closed == "stdout" else "stdout"
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(command, **{closed: write, other: subprocess.PIPE}, env=environment)
    os.close(write)
    assert b"Traceback" not in (done.stderr or b"") and b"BrokenPipe" not in (done.stderr or b"")
    assert done.returncode == (2 if "absent" in words else 0)


@pytest.mark.parametrize("coding", ["ascii", "cp1252"])  # without any letter beyond English, and with some
def test_a_terminal_that_is_not_utf_8(coding):
    environment = {**os.environ, "PYTHONIOENCODING": coding}
    done = subprocess.run([*RUN, "study", "がん", "--task", "amplify"], capture_output=True, env=environment)
    assert done.returncode == 2 and b"Traceback" not in done.stderr and rb"\u304c" in done.stderr


@pytest.fixture
def tiny_recipe(tmp_path):
    Recipe.identity(all_orders()[:1]).save(tmp_path / "a.json")
    return tmp_path / "a.json"
