#!/usr/bin/env bash
# safetensors: weights that NumPy holds in another order than C's are written in the order of their memory, and read back as others.
#
# Versions: safetensors 0.8.0 and, beside it, 0.7.0; numpy 2.4.0, Python 3.11; Linux x86-64.
# Input: a convolution's kernel as TensorFlow and Keras keep it (height, width, in, out), transposed to PyTorch's (out, in, height, width) as
# anyone does who carries EfficientNet's weights over; and an array that NumPy made in Fortran's order.
# Expected: what is read back equals what was saved, or saving is refused, as safetensors.torch refuses tensors that are not contiguous.
# Seen: {'0.7.0': [True, True], '0.8.0': [False, False]}. From 0.8.0 on the shape is right and the values lie elsewhere: no error, no warning,
# and a network that loads without complaint and knows nothing. The documentation asks for contiguous tensors, and Fortran's order is one of
# the two that NumPy calls contiguous. Reported at https://github.com/safetensors/safetensors/issues/825, which is open.
# A converter has to call numpy.ascontiguousarray, and to compare what it has written with what it meant.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
for version in 0.7.0 0.8.0; do
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.0 "safetensors==$version"
    "$folder/venv/bin/python" - "$folder/$version" <<'PY'
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

keras = np.arange(2 * 2 * 3 * 4, dtype=np.float32).reshape(2, 2, 3, 4)
weights = {"kernel": keras.transpose(3, 2, 0, 1), "fortran": np.asfortranarray(keras[0, 0])}
assert weights["fortran"].flags.f_contiguous
save_file(weights, f"{sys.argv[1]}.safetensors")
back = load_file(f"{sys.argv[1]}.safetensors")
same = [bool(np.array_equal(back[name], weights[name])) for name in ("kernel", "fortran")]
print(sys.argv[1].rpartition("/")[2], [back[name].shape for name in back], same)
Path(sys.argv[1]).write_text(str(same))
PY
done
test "$(cat "$folder/0.7.0")" = "[True, True]" && test "$(cat "$folder/0.8.0")" = "[False, False]"
