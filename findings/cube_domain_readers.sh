#!/usr/bin/env bash
# FFmpeg's lut3d filter and pillow-lut read a .cube table over another domain than the one that its file states.
#
# Versions: PyAV 18.1.0 (FFmpeg inside its wheel), pillow-lut 1.1.0 with Pillow 12.0.0, and beside them OpenColorIO 2.6.0; numpy 2.4.0,
# Python 3.11; Linux x86-64.
# Input: .cube files by the format's specification (Adobe, version 1.0): a table of 5 x 5 x 5 colours that changes nothing, over three domains,
# as DOMAIN_MIN and DOMAIN_MAX state them; and greys that lie within all three.
# Expected: each reader leaves every grey as it is, as OpenColorIO does.
# Seen: over 0 to 1 all do. Over 0.25 to 0.75 the greys 0.3 and 0.7 become 0.4 and 0.6 by both. Over -0.5 to 1.5 they become 0 and 0.2 by
# FFmpeg, 0.1 and 0.9 by pillow-lut. Over 0 to 2 FFmpeg is right, and pillow-lut doubles them, up to white.
# FFmpeg takes no account of where the domain begins, nor of one that is narrower than 1; pillow-lut of none at all. No error, no warning.
# A table for other programs should keep to the domain 0 to 1, and a curve that needs more should say so in words.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.0 av==18.1.0 pillow==12.0.0 pillow-lut==1.1.0 opencolorio==2.6.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import sys
from pathlib import Path

import av
import numpy as np
import PyOpenColorIO as ocio
from PIL import Image
from pillow_lut import load_cube_file

VALUES = np.array([0.3, 0.4, 0.5, 0.6, 0.7])
POINTS = 5


def unchanging(low, high):
    """The text of a table that gives back every colour of its domain."""
    axis = np.linspace(low, high, POINTS)
    head = [f"LUT_3D_SIZE {POINTS}", f"DOMAIN_MIN {low} {low} {low}", f"DOMAIN_MAX {high} {high} {high}"]
    return "\n".join([*head, *(f"{r:.6f} {g:.6f} {b:.6f}" for b in axis for g in axis for r in axis)]) + "\n"


def by_opencolorio(path):
    transform = ocio.FileTransform(path, interpolation=ocio.INTERP_LINEAR)
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    return [processor.applyRGB([float(value)] * 3)[0] for value in VALUES]


def by_ffmpeg(path):
    greys = np.round(VALUES * 65535).astype(np.uint16).repeat(16)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.broadcast_to(greys[None, :, None], (16, len(greys), 3))), format="rgb48le")
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base="1/25")
    table, sink = graph.add("lut3d", f"file={path}"), graph.add("buffersink")
    source.link_to(table)
    table.link_to(sink)
    graph.configure()
    graph.push(frame)
    return graph.pull().to_ndarray(format="rgb48le")[8, 8::16, 0] / 65535


def by_pillow_lut(path):
    greys = np.round(VALUES * 255).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(np.broadcast_to(greys[None, :, None], (2, len(greys), 3))))
    return np.asarray(image.filter(load_cube_file(path)))[0, :, 0] / 255


found = {}
for low, high in ((0.0, 1.0), (0.25, 0.75), (-0.5, 1.5), (0.0, 2.0)):
    Path("table.cube").write_text(unchanging(low, high))
    print(f"domain {low} to {high}, greys {VALUES.tolist()}")
    for read in (by_opencolorio, by_ffmpeg, by_pillow_lut):
        values = np.array(read("table.cube"))
        found[read.__name__, low, high] = float(np.abs(values - VALUES).max())
        print(f"  {read.__name__}: {np.round(values, 2).tolist()}")
right = [("by_opencolorio", low, high) for low, high in ((0.0, 1.0), (0.25, 0.75), (-0.5, 1.5), (0.0, 2.0))]
right += [("by_ffmpeg", 0.0, 1.0), ("by_ffmpeg", 0.0, 2.0), ("by_pillow_lut", 0.0, 1.0)]
wrong = [("by_ffmpeg", 0.25, 0.75), ("by_ffmpeg", -0.5, 1.5)]
wrong += [("by_pillow_lut", low, high) for low, high in ((0.25, 0.75), (-0.5, 1.5), (0.0, 2.0))]
sys.exit(0 if all(found[one] < 0.01 for one in right) and all(found[one] > 0.05 for one in wrong) else 1)
PY
