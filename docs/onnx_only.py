"""Edit a region of a photo by the three ONNX files, with NumPy and onnxruntime alone: no PyTorch, and nothing of this project.

    python onnx_only.py FOLDER photo.png mask.png edited.png

FOLDER holds critic.onnx, enhancer.onnx and operators.onnx, as `realistic-editing export-onnx` writes them. Pillow only reads
and writes pictures.
"""
import itertools
import sys
from pathlib import Path

import numpy as np
import onnxruntime

ORDERS = np.array(list(itertools.permutations(range(4))))  # 0 white balance, 1 colour curve, 2 saturation, 3 exposure
PARAMETERS = ("white_balance", "color_curve", "saturation", "exposure")


def edit(folder, photo, mask):
    """Edit by the most realistic of the 24 orders.

    Args:
        folder: of the three files.
        photo: (H, W, 3) float32 RGB (sRGB) in [0, 1], any size.
        mask: (H, W) float32 in [0, 1]; 1 = edit.

    Returns:
        The edited photo, as `photo`; the change in realism; and the recipe, a dict of arrays.
    """
    critic, enhancer, operators = (
        onnxruntime.InferenceSession(str(Path(folder) / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        for name in ("critic", "enhancer", "operators")
    )
    image, selection = photo.transpose(2, 0, 1)[None], mask[None, None]  # (1, 3, H, W), (1, 1, H, W)
    # The square that the networks were trained on, resized as realistic-editing resizes.
    small, small_mask = squared(image), squared(selection)

    order = ORDERS[None]  # (1, 24, 4): all orders of one photo in one call
    values = enhancer.run(PARAMETERS, {"image": small, "mask": small_mask, "order": order})
    recipes = {"order": order, **dict(zip(PARAMETERS, values, strict=True))}
    (edited,) = operators.run(["edited"], {"image": small, "mask": small_mask, **recipes})  # (1, 24, 3, h, w)
    (before,) = critic.run(["realism"], {"image": small, "mask": small_mask})
    (after,) = critic.run(["realism"], {"image": edited[0], "mask": np.repeat(small_mask, len(ORDERS), axis=0)})

    best = int(np.argmax(after))
    recipe = {name: value[:, best : best + 1] for name, value in recipes.items()}
    (result,) = operators.run(["edited"], {"image": image, "mask": selection, **recipe})
    return result[0, 0].transpose(1, 2, 0), float(after[best] - before[0]), recipe


def squared(image, side=384):
    """Resize (1, C, H, W) to (1, C, side, side): means over area to shrink, straight lines to grow."""
    rows, columns = (shares(length, side) for length in image.shape[2:])
    return rows @ image @ columns.T


def shares(old, new):
    """What each of `old` pixels in a line contributes to each of `new` ones: (new, old) float32, each row of sum 1."""
    pixels = np.arange(old)
    if new > old:
        places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        return np.clip(1 - np.abs(places[:, None] - pixels), 0, None).astype(np.float32)
    edges = np.arange(new + 1)[:, None] * (old / new)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (np.clip(overlap, 0, None) * (new / old)).astype(np.float32)


def read(photo_file, mask_file):
    """The photo and the mask of two files, upright, as `edit` takes them.

    A mask of 16 bits keeps them. A cut-out is its transparency, a mask in colours their luminance, as for realistic-editing.
    """
    from PIL import Image, ImageOps

    photo, mask = (ImageOps.exif_transpose(Image.open(file)) for file in (photo_file, mask_file))
    # Pillow's convert("L") cuts 16 bits off at 255, which would make a soft mask hard.
    deep = mask.mode.startswith("I")
    levels = np.asarray(mask, np.float32) / 65535 if deep else selected(np.asarray(mask.convert("RGBA"), np.float32)) / 255
    if mask.size != photo.size:
        sizes = "{} x {} and the photo {} x {}".format(*mask.size, *photo.size)
        raise ValueError(f"{mask_file}: the mask is {sizes}; give a mask of the photo's size")
    return np.asarray(photo.convert("RGB"), np.float32) / 255, levels


def selected(levels):
    """What the pixels of a mask select: (H, W, 4) RGBA, 0 to 255 -> (H, W)."""
    color, alpha = levels[..., :3], levels[..., 3]
    return alpha if alpha.min() < 255 else np.rint(color @ np.array([0.2126, 0.7152, 0.0722], np.float32))


def main(words):
    """Edit as the words of the command line say; returns the exit code."""
    if len(words) != 4:
        print("use: python onnx_only.py FOLDER photo.png mask.png edited.png", file=sys.stderr)
        return 2
    from PIL import Image

    folder, photo_file, mask_file, result_file = words
    try:
        photo, mask = read(photo_file, mask_file)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    result, change, recipe = edit(folder, photo, mask)
    Image.fromarray(np.rint(result * 255).astype(np.uint8)).save(result_file)
    order, exposure = recipe["order"][0, 0].tolist(), recipe["exposure"][0, 0]
    print(f"order {order}, exposure {exposure:.2f}, realism {change:+.2f}: {result_file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
