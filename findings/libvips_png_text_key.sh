#!/usr/bin/env bash
# libvips: the key of a PNG text is cut at its first space when the picture is saved: "Creation Time" becomes "Creation".
#
# Versions: pyvips 3.2.0 with pyvips-binary 8.18.2 (libvips 8.18), Pillow 12.0.0, numpy 2.4.0, Python 3.11; Linux x86-64.
# Input: a small valid PNG with a text whose key is "Creation Time", one of those that the PNG specification itself names.
# Expected: the key is the same after reading and saving.
# Seen: {'read': ['png-comment-0-Creation Time'], 'written': {'Creation': 'noon'}}: read whole, written as "Creation", without a warning.
# Two keys with the same first word become equal.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.0 Pillow==12.0.0 pyvips==3.2.0 pyvips-binary==8.18.2
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image
from PIL.PngImagePlugin import PngInfo

folder = Path(sys.argv[1])
text = PngInfo()
text.add_text("Creation Time", "noon")
Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(folder / "a.png", pnginfo=text)
image = pyvips.Image.new_from_file(str(folder / "a.png"))
read = [name for name in image.get_fields() if name.startswith("png-comment")]
image.write_to_file(str(folder / "b.png"))
written = Image.open(folder / "b.png").text
print({"read": read, "written": written})
sys.exit(0 if read == ["png-comment-0-Creation Time"] and written == {"Creation": "noon"} else 1)
PY
