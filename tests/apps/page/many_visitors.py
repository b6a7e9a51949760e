"""Measure the page's memory with many visitors of 24 megapixels, by its own steps, without a browser or a network.

python tests/apps/page/many_visitors.py FOLDER VISITORS [all] prints a line of JSON.
With "all" each asks for a proposal, and exports it; else each makes a region.
"""
import json
import os
import resource
import shutil
import sys
from pathlib import Path

folder, count = Path(sys.argv[1]), int(sys.argv[2])
os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": str(folder)}

import gradio as gr  # noqa: E402
import numpy as np  # noqa: E402
import pyvips  # noqa: E402

from realistic_editing.apps.page.regions import take_draft  # noqa: E402
from realistic_editing.apps.page.serve import edited_example, guarded  # noqa: E402
from realistic_editing.apps.page.visitors import IDLE, Visitors  # noqa: E402
from realistic_editing.apps.page.wiring import build  # noqa: E402
from realistic_editing.common.tasks import TASKS  # noqa: E402
from realistic_editing.enhance.enhancer import Enhancer  # noqa: E402

# Visitors who also ask for a proposal and its export, the steps that take most: all, or the one with most others beside it.
THOROUGH = range(count) if sys.argv[3:] == ["all"] else (19,)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


clock = Clock()
visitors = Visitors(clock=clock)
enhancers = {task: Enhancer.from_pretrained(task) for task in TASKS}
page = build(enhancers, edited_example(enhancers), folder, visitors=visitors)
guarded(page, {"localhost"})
ids = {part.elem_id: number for number, part in page.blocks.items() if getattr(part, "elem_id", None)}


def step(element: str, visitor: str, *values) -> None:
    """What follows on a click, an upload or a mark of an element."""
    found = next(one.fn for one in page.fns.values() if one.fn and [part for part, _ in one.targets] == [ids[element]])
    found(gr.Request(username=None, session_hash=visitor), *values)


def upload() -> str:
    """The photo as a browser sends it; it goes when it was read."""
    return shutil.copy(photo, folder / "upload.jpg")


photo = folder / "photo.jpg"
blocks = np.random.default_rng(0).integers(0, 256, (400, 600, 3), np.uint8)
pyvips.Image.new_from_array(blocks).zoom(10, 10).jpegsave(str(photo))  # 6000 x 4000
stroke = {"kind": "stroke", "points": [[0.3, 0.45], [0.5, 0.45]], "radius": 0.08}

inside, refused = 0, []
for number in range(count):
    try:
        step("photo_file", f"visitor {number}", upload())
        step("stage", f"visitor {number}", gr.EventData(None, stroke))
        if number in THOROUGH:
            step("propose", f"visitor {number}", False)
            step("get_photo", f"visitor {number}", ".jpg")
        else:  # a region without a proposal
            visitors.keep(f"visitor {number}", take_draft(visitors.session(f"visitor {number}")), "step")
        inside += 1
    except gr.Error as error:
        refused.append(error.message)
full, held, peak = resident(), visitors.held(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
clock.now += IDLE
visitors.sweep()
ended = resident()
step("photo_file", f"visitor {count}", upload())
found = {"in": inside, "refused": refused, "held": held, "full": full, "peak": peak, "ended": ended, "again": len(visitors)}
print(json.dumps(found))
