#!/usr/bin/env bash
# PyTorch: the number of threads that a new thread sets for itself is lost when another thread sets its own before the first has read it.
#
# Versions: torch 2.14.1 (CUDA build, on a CPU), Python 3.11; Linux x86-64.
# Input: a pool's worker calls torch.set_num_threads(1) when it begins, so that several small networks run side by side; then the main
# thread sets its own number, 2, again.
# Expected: the worker keeps 1, as PyTorch keeps the number for each thread.
# Seen: {'set': 2, 'set and read': 1}. A worker that only sets has 2; one that calls torch.get_num_threads() after setting keeps 1. The
# first question for the number copies the process's, which the main thread has changed by then. No error, no warning: networks of small
# layers just take up to twice as long, because each layer is split over threads that wait for each other.
# Exits 0 while that is so, and 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.0 torch==2.14.1
OMP_NUM_THREADS=2 "$folder/venv/bin/python" - <<'PY'
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import torch

torch.get_num_threads()
found = {}
for way in ("set", "set and read"):
    begun, changed = threading.Event(), threading.Event()

    def begin(way=way, begun=begun):
        torch.set_num_threads(1)
        if way == "set and read":
            torch.get_num_threads()
        begun.set()

    with ThreadPoolExecutor(1, initializer=begin) as worker:
        number = worker.submit(lambda changed=changed: changed.wait(60) and torch.get_num_threads())
        begun.wait(60)
        torch.set_num_threads(2)
        changed.set()
        found[way] = number.result()
print(found)
sys.exit(0 if found == {"set": 2, "set and read": 1} else 1)
PY
