"""Temporary folders of the page's processes."""
import subprocess
import sys

import pytest

from realistic_editing.apps.page.own_folder import LOCK, PREFIX, clear_dead, own_folder

fcntl = pytest.importorskip("fcntl", reason="needs file locks of POSIX")
HELD = "import sys, time, pathlib; from realistic_editing.apps.page.own_folder import own_folder\n" \
    "with own_folder(pathlib.Path(sys.argv[1])) as f: print(f, flush=True); time.sleep(60)"  # fmt: skip


def test_folders_of_killed_processes_go_at_the_next_start_and_those_in_use_stay(tmp_path):
    run = [sys.executable, "-c", HELD, str(tmp_path)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as alive:
        kept = alive.stdout.readline().strip()
        with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as dead:
            left = dead.stdout.readline().strip()
            dead.kill()
        other = tmp_path / f"{PREFIX}without-lock"
        other.mkdir()
        with own_folder(tmp_path) as mine:
            assert {str(path) for path in tmp_path.iterdir()} == {kept, str(mine), str(other)} and left not in (kept, str(mine))
            assert (mine / LOCK).exists()
        assert not mine.exists()
        alive.kill()


def test_a_folder_that_is_being_made_is_not_cleared_by_another_process(tmp_path, monkeypatch):
    lock = fcntl.flock

    def after_another(file, how):
        if how == fcntl.LOCK_EX:
            clear_dead(tmp_path)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", after_another)
    with own_folder(tmp_path) as mine:
        assert (mine / LOCK).exists()
