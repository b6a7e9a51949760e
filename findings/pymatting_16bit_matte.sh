#!/usr/bin/env bash
# PyMatting reads a soft matte of 16 bits as a hard mask: all but its darkest 256th is taken for fully opaque.
#
# Versions: PyMatting 1.1.16, Pillow 12.3.0, numpy 2.4.6, Python 3.11; Linux x86-64.
# Input: one ramp from transparent to opaque, as grey PNGs of 8 and of 16 bits.
# Expected: load_image gives both as the same matte in [0, 1], or refuses what it cannot read.
# Seen: with "GRAY", as the manual's examples load mattes and trimaps, [0, 0.25, 0.5, 0.75, 1] of 8 bits is [0, 1, 1, 1, 1] of 16. With no mode
# it is [0, 64.25, 128.5, 192.75, 257]. No error, no warning. So a trimap loses its unknown zone, and a blend its soft border.
# Pillow clips at 255 where it turns such a picture into 8 bits, and load_image divides by 255 whatever the depth.
# Exits 0 while that is so, 1 when it has changed, and 2 when it cannot be tried.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pillow==12.3.0 pymatting==1.1.16 || exit 2
cat > "$folder/read_mattes.py" <<'PY'
import sys

import numpy as np
from PIL import Image
from pymatting import load_image

ramp = np.linspace(0, 1, 257)
found = {}
for name, most, kind in (("8 bits", 255, np.uint8), ("16 bits", 65535, np.uint16)):
    Image.fromarray(np.round(ramp * most).astype(kind)[None].repeat(8, axis=0)).save("matte.png")
    for mode in ("GRAY", None):
        found[name, mode] = np.round(load_image("matte.png", mode)[0, ::64], 2).tolist()
        print(name, mode, found[name, mode])
right = np.allclose(found["8 bits", "GRAY"], [0, 0.25, 0.5, 0.75, 1], atol=0.01)
hard = found["16 bits", "GRAY"] == [0, 1, 1, 1, 1] and found["16 bits", None][-1] == 257
sys.exit(0 if right and hard else 1)
PY
cd "$folder" && "$folder/venv/bin/python" read_mattes.py
