#!/usr/bin/env bash
# libvips: XMP of more than 64 kB is left out of a JPEG without a word, where PNG, WebP and TIFF keep it.
#
# Versions: pyvips 3.2.0 with pyvips-binary 8.18.2 (libvips 8.18), numpy 2.4.0, Python 3.11; Linux x86-64.
# Input: a small RGB picture with a valid XMP packet of 20,000 and of 70,000 bytes, as photo editors write when a photo has many masks.
# Expected: the packet is kept (a JPEG holds long XMP in several segments, by Adobe's extended XMP), or saving says that it is not.
# Seen: of 20,000 bytes all four formats keep it; of 70,000 bytes the JPEG has none, without an error or a warning.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.0 pyvips==3.2.0 pyvips-binary==8.18.2
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys
from pathlib import Path

import numpy as np
import pyvips

folder = Path(sys.argv[1])


def kept(size, suffix):
    start = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    start += '"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="'
    end = '"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    packet = (start + "a" * (size - len(start) - len(end)) + end).encode()
    image = pyvips.Image.new_from_array(np.full((32, 32, 3), 90, np.uint8)).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
    path = folder / f"{size}{suffix}"
    image.write_to_file(str(path))
    again = pyvips.Image.new_from_file(str(path))
    return again.get_typeof("xmp-data") != 0 and bytes(again.get("xmp-data")) == packet


found = {size: {suffix: kept(size, suffix) for suffix in (".jpg", ".png", ".webp", ".tif")} for size in (20_000, 70_000)}
print(found)
others = all(value for size in found for suffix, value in found[size].items() if suffix != ".jpg")
sys.exit(0 if others and found[20_000][".jpg"] and not found[70_000][".jpg"] else 1)
PY
