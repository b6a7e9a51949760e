"""Find the configs, and turn their groups into objects."""
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]

# Beside the package in a checkout, inside it in an installed wheel.
CONFIGS = next(folder for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir())
