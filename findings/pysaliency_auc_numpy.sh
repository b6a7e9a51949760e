#!/usr/bin/env bash
# pysaliency: as pip installs it, it cannot be imported; with what it lacks added, it has NSS and CC, but no AUC.
#
# Versions: pysaliency 0.2.22, numpy 2.4.0 and 2.3.5 (it asks for "numpy", of any version), setuptools 82.0.1 and 80.9.0, torch 2.14.1,
# Python 3.11; Linux x86-64.
# Input: one photo's stimulus, a saliency map of random values, and nine fixations within it.
# Expected: import pysaliency works after pip install pysaliency; NSS, CC and AUC of the map are numbers, AUC near 0.5.
# Seen: No module named 'pkg_resources', which setuptools no longer has since 82, and pysaliency asks for setuptools of any version; with
# setuptools 80.9.0, No module named 'torch', which is not among its requirements. With torch NSS is a number, and AUC ends in AttributeError:
# module 'numpy' has no attribute 'trapz', which NumPy removed in 2.4. With numpy 2.3.5 AUC is a number as well.
# Who compares saliency networks by this library has to pin all three, or to measure AUC elsewhere.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@"; }
pip numpy==2.4.0 pysaliency==0.2.22 setuptools==82.0.1
cat > "$folder/measure.py" <<'PY'
import warnings

import numpy as np

warnings.simplefilter("ignore")
try:
    import pysaliency
except ModuleNotFoundError as error:
    print("import:", error)
    raise SystemExit(0) from None


class Given(pysaliency.SaliencyMapModel):
    """A model of one map."""

    def _saliency_map(self, stimulus):
        return np.random.default_rng(0).random((60, 80))


x, y = np.array([3.0, 10, 70, 40, 22, 64, 51, 9, 33]), np.array([5.0, 50, 20, 30, 41, 11, 8, 27, 55])
stimuli = pysaliency.Stimuli([np.zeros((60, 80, 3), np.uint8)])
fixations = pysaliency.FixationTrains.from_fixation_trains([x], [y], [np.arange(9.0)], [0], [0])
for name in ("NSS", "AUC"):
    try:
        print(name, "is a number" if np.isfinite(getattr(Given(), name)(stimuli, fixations)) else "is none")
    except AttributeError as error:
        print(f"{name}: {error}")
PY
"$folder/venv/bin/python" "$folder/measure.py" | tee "$folder/found"
pip setuptools==80.9.0
"$folder/venv/bin/python" "$folder/measure.py" | tee -a "$folder/found"
pip torch==2.14.1 numpy==2.4.0 setuptools==80.9.0
"$folder/venv/bin/python" "$folder/measure.py" | tee -a "$folder/found"
pip "numpy==2.3.5"
"$folder/venv/bin/python" "$folder/measure.py" | tee -a "$folder/found"
cat > "$folder/expected" <<'TEXT'
import: No module named 'pkg_resources'
import: No module named 'torch'
NSS is a number
AUC: module 'numpy' has no attribute 'trapz'
NSS is a number
AUC is a number
TEXT
diff "$folder/found" "$folder/expected"
