"""Masks by Segment Anything (Kirillov et al., ICCV 2023), for users who have its weights: the extra `sam`."""
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from realistic_editing.common.arrays import as_bytes, check_photo
from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.common.files import check_regular
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.select import Point, check_box, check_points

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def select_by_sam(
    photo: np.ndarray,
    weights: str | Path,
    inside: Sequence[Point] = (),
    outside: Sequence[Point] = (),
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    """Select what Segment Anything takes to be meant by points or a box, with a soft border.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        weights: a folder as `SamModel.save_pretrained` and `SamProcessor.save_pretrained` write it; or, where there is no such
            folder, a name on the hub, "owner/model", which is downloaded once, safetensors only.
        inside, outside: points x, y in pixels that are in the region, and that are not.
        box: in their place or beside them, x, y, width, height in pixels from the top left corner.

    Returns:
        (H, W) uint8, 255 = selected: of the three masks that the model proposes, the one that it is surest of.

    Raises:
        InputError: when the extra is not installed, the folder holds no such model, a point or the box lies beyond the photo,
            or the model selects nothing.
    """
    photo, asked = check_photo(photo), {}
    if box is not None:
        check_box(photo, box)
        x, y, wide, high = box
        asked = {"input_boxes": [[[x, y, x + wide, y + high]]]}
    if box is None or inside or outside:
        check_points(photo, inside, outside)
        asked |= {"input_points": [[[list(point) for point in (*inside, *outside)]]],
                  "input_labels": [[[1] * len(inside) + [0] * len(outside)]]}  # fmt: skip
    model, processor = _load(str(weights))
    pixels = as_bytes(photo)
    read = processor(images=pixels, return_tensors="pt", **asked)
    # Coordinates come as float64, which the network does not take.
    given = {name: read[name].float() if name != "input_labels" else read[name] for name in ("pixel_values", *asked)}
    with torch.inference_mode():
        found = model(**given, multimask_output=True)
    masks = processor.post_process_masks(found.pred_masks, read["original_sizes"], read["reshaped_input_sizes"])[0][0]
    mask = masks[int(found.iou_scores[0, 0].argmax())].numpy().astype(bool)
    if not mask.any():
        raise InputError(f"{weights}: selects nothing there; add points, or draw the box closer")
    return alpha_matte(pixels, mask)


def _load(weights: str) -> tuple:
    """The model and its processor."""
    try:
        from transformers import SamModel, SamProcessor
    except ImportError as error:
        raise InputError(f"sam needs the extra 'sam': {how_to_install('sam')}") from error
    folder, on_hub = Path(weights), False
    check_regular(folder)
    if not folder.exists() and _HUB_NAME.fullmatch(weights):
        on_hub = True
    elif not (folder / "config.json").is_file():
        raise InputError(
            f"{folder}: is no folder of a Segment Anything model (no config.json), nor a name on the hub; give one with its "
            "weights, or a name such as facebook/sam-vit-base"
        )
    where = {"use_safetensors": True} if on_hub else {"local_files_only": True}
    try:
        model = SamModel.from_pretrained(weights if on_hub else folder, **where)
        return model.eval(), SamProcessor.from_pretrained(weights if on_hub else folder, local_files_only=not on_hub)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        remedy = "check the name and the connection, or give a folder" if on_hub else "copy the whole folder"
        raise InputError(f"{weights}: cannot be loaded as a Segment Anything model ({reason}); {remedy}") from error
