#!/usr/bin/env bash
# PyMatting prints to stdout while it succeeds: "PERFORMANCE WARNING:" and five lines more for each first try that fails.
#
# Versions: PyMatting 1.1.16, numpy 2.4.6, scipy 1.17.1, numba 0.68.1, Python 3.11; Linux x86-64.
# Input: a smooth picture of three waves, 360 x 480, float in [0, 1], with a ring of unknown pixels around an ellipse; estimate_alpha_cf with
# its default arguments.
# Expected: a matte, and nothing on stdout, as of any function that returns its result; what is worth knowing by `warnings` or `logging`.
# Seen: the matte comes, finite and in [0, 1]; stdout has 18 lines, three times "PERFORMANCE WARNING:", because the preconditioner tries shifts in
# turn and prints at each that fails. A filter of `warnings` that turns all into errors neither stops nor sees them, and stderr has nothing.
# So a program whose stdout is data, JSON or a picture, is broken by smooth pictures, such as enlarged photos, and works with others.
# Exits 0 while that is so, 1 when it has changed, and 2 when it cannot be tried.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 numba==0.68.1 pymatting==1.1.16 || exit 2
cat > "$folder/matte_of_waves.py" <<'PY'
import contextlib
import io
import sys
import warnings

import numpy as np
from pymatting import estimate_alpha_cf

height, width = 360, 480
rows, columns = np.mgrid[:height, :width]
waves = [np.sin(columns / 60 + phase) * np.cos(rows / 45 - phase) for phase in (0.0, 1.0, 2.0)]
picture = 0.5 + 0.4 * np.stack(waves, axis=2)
distance = np.hypot(2 * rows / height - 1, 2 * columns / width - 1)
trimap = np.where(distance < 0.35, 1.0, np.where(distance > 0.85, 0.0, 0.5))
said, complained = io.StringIO(), io.StringIO()
warnings.simplefilter("error")
with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
    matte = estimate_alpha_cf(picture, trimap)
lines = said.getvalue().splitlines()
print(len(lines), "lines on stdout,", lines.count("PERFORMANCE WARNING:"), "warnings; on stderr", len(complained.getvalue()), "characters")
print("matte from", matte.min(), "to", matte.max())
fine = np.isfinite(matte).all() and matte.min() >= 0 and matte.max() <= 1
sys.exit(0 if fine and "PERFORMANCE WARNING:" in lines and not complained.getvalue() else 1)
PY
cd "$folder" && "$folder/venv/bin/python" matte_of_waves.py
