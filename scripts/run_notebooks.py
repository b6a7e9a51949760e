"""Run notebooks from top to bottom and keep their outputs: python scripts/run_notebooks.py [notebooks/NAME.ipynb ...]"""
import argparse
import hashlib
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
# In place of what the kernel says of itself, its version among it: a notebook then differs only where its outputs do.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What the notebooks' numbers and pictures come from.
WEIGHTS = ("attenuate", "amplify", "critic", "lite_critic", "compact_saliency", "fast_saliency")


def weights_mark() -> str:
    """Tells whether kept outputs are of today's bundled weights."""
    files = [NOTEBOOKS.parent / f"realistic_editing/weights/{name}.safetensors" for name in WEIGHTS]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def executed(path: Path, folder: Path, seconds: int = 300) -> nbformat.NotebookNode:
    """The notebook with fresh outputs; the file stays as it is.

    Args:
        path: of the notebook.
        folder: where its kernel starts.
        seconds: that a cell may take.

    Raises:
        nbclient.exceptions.CellExecutionError: when a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=seconds,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # the kernel's own, not the notebook's
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(METADATA | {"weights": weights_mark()})
    return notebook


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Run notebooks from top to bottom and keep their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="files; all of notebooks/ when none is given")
    for path in parser.parse_args(arguments).notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            notebook = executed(path, Path(folder))
        nbformat.write(notebook, path)
        print(f"{path.name}: {time.perf_counter() - started:.0f} s, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
