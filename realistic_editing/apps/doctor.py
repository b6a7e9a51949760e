"""What is installed, which weights there are, and whether an edit comes out right."""
import importlib.util
import json
import platform
import shutil
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realistic_editing.apps.demo import FOLDER
from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.common.provenance import machine, revision
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.images import read_mask, read_photo
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.photo import apply_to_photo

CORE = ("torch", "safetensors", "numpy", "scipy", "opencv-python-headless", "pyvips", "numba", "hydra-core")
# Package -> what needs it, and the extra that brings it.
_OPTIONAL = {
    "pandas": ("realistic-editing batch, score, video and study", "tools"),
    "av": ("realistic-editing video", "tools"),
    "pymatting": ("masks from a box, points or a rough mask, and soft borders without a rim", "tools"),
    "lightning_fabric": ("realistic-editing train", "train"),
    "pycocotools": ("training and evaluation", "train"),
    "matplotlib": ("the figures of evaluations", "train"),
    "timm": ("the paper's enhancer, and ImageNet weights fetched over the network", "train"),
    "torchvision": ("EML-Net, and the earlier methods GazeShift and Deepsal", "train"),
    "pillow_heif": ("HEIC and AVIF photos, such as a phone's", "heif"),
    "gradio": ("realistic-editing page", "demo"),
    "fastapi": ("realistic-editing study", "study"),
    "uvicorn": ("realistic-editing study", "study"),
    "h11": ("realistic-editing page and study", "study"),
    "sqlalchemy": ("realistic-editing study and study-export", "study"),
    "psycopg": ("a study's PostgreSQL database", "study"),
    "onnx": ("realistic-editing export-onnx", "export"),
    "onnxruntime": ("realistic-editing export-onnx", "export"),
    "transformers": ("realistic-editing mask --sam", "sam"),
    "ray": ("realistic-editing batch --engine ray", "cluster"),
    "triton": ("edits of photos that lie on a GPU", "gpu"),
    "PyOpenColorIO": ("tests, to read back exported tables", "dev"),
    "playwright": ("tests, to open pages", "dev"),
}
# Program -> what needs it, and how to get it.
PROGRAMS = {
    "ffmpeg": ("video with sound", "apt install ffmpeg, or see https://ffmpeg.org/download.html"),
    "chromium": ("tests, to open pages", "apt install chromium, or Chrome"),
}


def doctor(options: Mapping[str, Any]) -> dict[str, Any]:
    """Print what is here and whether it works.

    Args:
        options: json, whether to print JSON.

    Returns:
        The findings by name.

    Raises:
        InputError: when the self-test fails.
    """
    weights = sorted((Path(__file__).resolve().parents[1] / "weights").glob("*.safetensors"))
    found = {
        "realistic-editing": revision(),
        "python": platform.python_version(),
        "machine": machine(),
        "device": "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu",
        "packages": {name: _version(name) for name in CORE},
        "optional": {name: importlib.util.find_spec(name) is not None for name in _OPTIONAL},
        "programs": {name: shutil.which(name) is not None for name in PROGRAMS},
        "weights": {path.stem: f"{path.stat().st_size / 2**20:.1f} MiB" for path in weights},
        "self-test": _tested(),
    }
    if options["json"]:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            lines = [f"{key}: {_words(key, one)}" for key, one in value.items()] if isinstance(value, dict) else [str(value)]
            print(f"{name}: " + ("\n  " + "\n  ".join(lines) if isinstance(value, dict) else lines[0]))
    failed = [name for name, line in found["self-test"].items() if not line.startswith("ok")]
    if failed:
        raise InputError(f"self-test: {', '.join(failed)} failed; install the package anew in a fresh environment")
    lacking = _cannot(found["optional"])
    print("all well" + (f", but these need an extra: {', '.join(lacking)}" if lacking else ""), file=sys.stderr)
    return found


def _cannot(optional: Mapping[str, bool]) -> list[str]:
    """The commands that cannot start, each with its extra; what only tests need is no command."""
    lacking = {_OPTIONAL[name] for name, here in optional.items() if not here}
    return [f"{user} ({extra})" for user, extra in sorted(lacking) if user.startswith("realistic-editing")]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _words(name: str, value: Any) -> str:
    if not isinstance(value, bool):
        return str(value)
    user, remedy = PROGRAMS.get(name) or (_OPTIONAL[name][0], how_to_install(_OPTIONAL[name][1]))
    return f"here, for {user}" if value else f"not here, for {user}; {remedy}"


def _tested() -> dict[str, str]:
    """A proposal for each task on the bundled photo, and the full-size edit beside the differentiable one."""
    photo = read_photo(FOLDER / "astronaut.jpg").pixels
    mask = read_mask(FOLDER / "flag.png", photo.shape[:2])[0]
    results = {}
    for task in TASKS:
        started = time.perf_counter()
        edit = Enhancer.from_pretrained(task).propose(photo, mask, guard=None)
        right = edit.saliency_change > 0 if task == "amplify" else edit.saliency_change < 0
        words = f"saliency {percent(edit.saliency_change)}, dR {delta_r(edit.realism_change)}"
        results[task] = f"{'ok' if right else 'FAILED'}: {words}, {time.perf_counter() - started:.1f} s"
    results["full-size edit"] = _same(photo, mask, edit.recipe)
    return results


def _same(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> str:
    image = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
    soft = torch.from_numpy(mask)[None, None].float() / np.iinfo(mask.dtype).max
    exact = apply(image, soft, recipe)[0].permute(1, 2, 0).numpy() * 255
    gap = float(np.abs(apply_to_photo(photo, mask, recipe) - exact).max())
    return f"{'ok' if gap <= 0.51 else 'FAILED'}: within {gap:.2f} levels of 255 of the differentiable one"
