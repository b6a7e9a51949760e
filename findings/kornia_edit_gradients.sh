#!/usr/bin/env bash
# kornia: at black and at greys, which most photos hold, the derivative of a gamma is NaN and that of a saturation mixes the channels.
#
# Versions: kornia 0.9.0, torch 2.14.1, Python 3.11; Linux x86-64, on a processor, float32.
# Input: photos of one pixel, in [0, 1]; kornia.enhance's adjust_gamma by 0.5, and adjust_saturation by 1, which changes nothing.
# Expected: a number, or infinity, of the gamma's derivative at black; of the saturation 1 by the same channel and 0 by another.
# Seen: of the gamma NaN at black, by every channel, while its value is 0. Of the saturation 1/3 at black, white and grey, by every channel.
# The values are right, and at a pixel such as (0.6, 0.3, 0.2) the derivatives are what one expects.
# Who learns edits through kornia gets NaN in all weights from one black pixel before such a gamma, and what comes before a saturation is
# never asked to give a grey pixel a hue.
# Exits 0 while that is so, 1 when it has changed, and 2 when the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check kornia==0.9.0 torch==2.14.1 || exit 2
cat > "$folder/derive.py" <<'PY'
import warnings

warnings.simplefilter("ignore")
import torch
from kornia.enhance import adjust_gamma, adjust_saturation

EDITS = {"gamma 0.5": lambda photo: adjust_gamma(photo, 0.5), "saturation 1": lambda photo: adjust_saturation(photo, 1.0)}
PIXELS = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0), "grey": (0.5, 0.5, 0.5), "brown": (0.6, 0.3, 0.2)}
for edit, change in EDITS.items():
    for color, pixel in PIXELS.items():
        photo = torch.tensor(pixel).view(1, 3, 1, 1)
        by_pixel = torch.autograd.functional.jacobian(lambda given: change(given).flatten(), photo).view(3, 3)
        if edit == "saturation 1" or color == "black":
            rows = "; ".join(" ".join(f"{value + 0.0:.2f}".replace("-0.00", "0.00") for value in row) for row in by_pixel.tolist())
            print(f"{edit} of {color}: red {change(photo)[0, 0, 0, 0]:.2f}, derivatives {rows}")
PY
OMP_NUM_THREADS=1 "$folder/venv/bin/python" "$folder/derive.py" | tee "$folder/found"
cat > "$folder/expected" <<'TEXT'
gamma 0.5 of black: red 0.00, derivatives nan nan nan; nan nan nan; nan nan nan
saturation 1 of black: red 0.00, derivatives 0.33 0.33 0.33; 0.33 0.33 0.33; 0.33 0.33 0.33
saturation 1 of white: red 1.00, derivatives 0.33 0.33 0.33; 0.33 0.33 0.33; 0.33 0.33 0.33
saturation 1 of grey: red 0.50, derivatives 0.33 0.33 0.33; 0.33 0.33 0.33; 0.33 0.33 0.33
saturation 1 of brown: red 0.60, derivatives 1.00 0.00 0.00; 0.00 1.00 0.00; 0.00 0.00 1.00
TEXT
diff "$folder/found" "$folder/expected"
