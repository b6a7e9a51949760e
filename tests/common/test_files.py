"""Files are written whole, and what a killed writer left is removed, and nothing else."""
import subprocess
import sys

from realistic_editing.common.files import remove_strays


def test_strays_of_these_files_are_removed_and_nothing_else(tmp_path):
    code = "import os, sys; from realistic_editing.common.files import replacing; "
    code += "held = [replacing(name) for name in sys.argv[1:]]; [one.__enter__() for one in held]; os._exit(9)"
    paths = [tmp_path / name for name in ("a.png", "IMG.2024.01.png", "plain", "other.png")]
    assert subprocess.run([sys.executable, "-c", code, *map(str, paths)], check=False).returncode == 9
    kept = {tmp_path / name for name in (".a.png", ".a.something.png", "a.abcdefgh.png", ".a.abcdefgh.json")}
    for path in kept:
        path.touch()
    assert len(list(tmp_path.iterdir())) == len(paths) + len(kept)
    remove_strays([*paths[:3], tmp_path / "absent/x.png"])
    (other,) = set(tmp_path.iterdir()) - kept
    assert other.name.startswith(".other.")
