#!/usr/bin/env bash
# libvips: a 16-bit photo is converted between two ICC profiles with an error of whole 8-bit levels, by its one-step `icc_transform`.
#
# Versions: pyvips 3.2.0 with pyvips-binary 8.18.2 (libvips 8.18, Little CMS inside), numpy 2.4.0, Python 3.11; Linux x86-64, CPU.
# Input: a 16-bit RGB picture of random colours, half of them dark, with a valid matrix profile (primaries of Display P3, gamma 1.8).
# Expected: icc_transform("srgb", depth=16) agrees with the arithmetic of the two profiles to a small part of an 8-bit level (257 of 65535).
# Seen: {'icc_transform': 3242.3, 'icc_import, icc_export': 468.5} of 65535 at most, over colours that both gamuts hold: one step is off by up
# to 12.6 levels of 255, two steps through XYZ by 1.8. No warning is given. A reader of 16-bit photos has to do matrix profiles itself.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.0 pyvips==3.2.0 pyvips-binary==8.18.2
"$folder/venv/bin/python" - <<'PY'
import struct
import sys

import numpy as np
import pyvips

GAMMA = 1.8
P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])  # to XYZ, D50
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


def profile():
    """A version 2 matrix profile, by the ICC's specification."""
    def s15(value):
        return struct.pack(">i", round(value * 65536))

    text = b"made for a test\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78), b"cprt": b"text\0\0\0\0" + text}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + s15(0.9642) + s15(1) + s15(0.8249)
    for index, name in enumerate((b"r", b"g", b"b")):
        tags[name + b"XYZ"] = b"XYZ \0\0\0\0" + b"".join(s15(value) for value in P3[:, index])
        tags[name + b"TRC"] = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(GAMMA * 256))
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02200000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + s15(0.9642) + s15(1) + s15(0.8249)
    return head + bytes(128 - len(head)) + table + body


def exact(pixels):
    linear = (pixels / 65535.0) ** (round(GAMMA * 256) / 256) @ P3.T @ np.linalg.inv(SRGB).T
    linear = linear.clip(0, 1)
    return 65535 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


rng = np.random.default_rng(0)
pixels = rng.integers(0, 65536, (256, 256, 3)).astype(np.uint16)
pixels[:128] //= 64  # dark ones
image = pyvips.Image.new_from_array(pixels).copy(interpretation="rgb16")
image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile())
wanted = exact(pixels)
inside = ((wanted > 0) & (wanted < 65535)).all(axis=2)  # away from the border of the gamut
found = {
    "icc_transform": image.icc_transform("srgb", embedded=True, depth=16),
    "icc_import, icc_export": image.icc_import(embedded=True, pcs="xyz").icc_export(output_profile="srgb", depth=16),
}
apart = {name: np.abs(one.numpy().astype(float) - wanted)[inside].max() for name, one in found.items()}
print({name: round(float(value), 1) for name, value in apart.items()}, "of 65535 at most")
one, two = apart.values()
sys.exit(0 if one > 100 and one > 3 * two else 1)
PY
