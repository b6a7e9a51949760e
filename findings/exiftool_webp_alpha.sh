#!/usr/bin/env bash
# exiftool 12.57: writing a tag into a lossless WebP with transparency leaves a header that says "no alpha", and libvips then reads it opaque.
#
# Versions: exiftool 12.57 (Debian 12's libimage-exiftool-perl 12.57+dfsg-1), pyvips 3.2.0 with pyvips-binary 8.18.2, Pillow 12.0.0,
# numpy 2.4.0, Python 3.11; Linux x86-64.
# Input: a valid lossless WebP of 48 x 32 RGBA as Pillow writes it: the chunk VP8L alone, whose own header says that alpha is used.
# Expected: exiftool adds an extended header (VP8X) with the bit for alpha, since the picture has some, and every reader sees RGBA.
# Seen: {'flags': 8, 'before': 4, 'after': 3, 'pillow': 'RGBA'}: the bit for EXIF alone is set, not the one for alpha (16); libvips has 4
# bands before and 3 after, without a warning; Pillow still sees RGBA. A lossy WebP (chunk ALPH) has a VP8X of its own and is not concerned.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && apt-get download -qq libimage-exiftool-perl=12.57+dfsg-1 && dpkg -x ./*.deb tool)
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.0 Pillow==12.0.0 pyvips==3.2.0 pyvips-binary==8.18.2
PERL5LIB="$folder/tool/usr/share/perl5" "$folder/venv/bin/python" - "$folder" <<'PY'
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image

folder = Path(sys.argv[1])
path = folder / "a.webp"
Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 48, 4), np.uint8)).save(path, lossless=True, exact=True)


def bands():
    return pyvips.Image.new_from_buffer(path.read_bytes(), "").bands


before = bands()
subprocess.run([folder / "tool/usr/bin/exiftool", "-q", "-overwrite_original", "-Artist=me", path], check=True)
data = path.read_bytes()
found = {"flags": data[data.index(b"VP8X") + 8], "before": before, "after": bands(), "pillow": Image.open(path).mode}
print(found)
sys.exit(0 if found == {"flags": 8, "before": 4, "after": 3, "pillow": "RGBA"} else 1)
PY
