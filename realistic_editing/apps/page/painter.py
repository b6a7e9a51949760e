"""The painter of regions, with bounds on what a browser sends of it."""
import io
from typing import Any

import gradio as gr
import PIL.Image
from fastapi import HTTPException
from gradio.components.base import server

MOST_PIXELS = 2**24  # of a painted layer; the page shows photos of at most 1.4e6
MOST_BYTES = 2**25  # of one picture of the painter's
MOST_LAYERS = 4
MOST_PARTS = 32  # paintings that wait for the step that they belong to


class Painter(gr.ImageEditor):
    """Gradio's painter; what was painted is looked at by its header before it is decoded, and the photo below is not read."""

    is_template = True  # shown by gradio's own code for its parent

    def preprocess(self, payload: Any) -> dict[str, Any] | None:
        """What was painted: its "layers" are (H, W, 4) uint8. Raises gr.Error when it is too large."""
        if payload is None:
            return None
        held = self.blob_storage.pop(payload.id, None) if payload.id is not None else payload
        layers = [layer for layer in (held.layers if held else []) if layer is not None]
        if len(layers) > MOST_LAYERS or any(_pixels(layer) > MOST_PIXELS for layer in layers):
            raise gr.Error("the painting is larger than the photo that is shown; reload the page", print_exception=False)
        return {"background": None, "layers": [self.convert_and_format_image(layer) for layer in layers], "composite": None}

    @server
    def accept_blobs(self, data: Any) -> None:
        """Take a picture that the browser sends ahead of its step; the oldest painting gives way."""
        index, key = str(data.data["index"] or "null"), str(data.data["id"])
        known = index == "null" or (index.isascii() and index.isdigit() and int(index) < MOST_LAYERS)
        if not known or len(key) > 100 or len(data.files) != 1 or len(data.files[0][1]) > MOST_BYTES:
            raise HTTPException(413)
        while len(self.blob_storage) >= MOST_PARTS and key not in self.blob_storage:
            self.blob_storage.pop(next(iter(self.blob_storage)), None)
        super().accept_blobs(data)


def _pixels(layer: Any) -> int:
    """Of a layer, by its header."""
    with PIL.Image.open(io.BytesIO(layer) if isinstance(layer, bytes) else layer.path) as picture:
        return picture.width * picture.height
