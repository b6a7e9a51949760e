"""The parts of the page that take files, with bounds on what a browser sends of them."""
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
TOO_LARGE = "the painting is larger than the photo that is shown; reload the page"


def bounded(painter: gr.ImageEditor) -> gr.ImageEditor:
    """Look at what was painted by its header before it is decoded, keep few paintings, and do not read the photo below them.

    The painter itself is changed: gradio would write a file beside the source of a class made from its own.
    """
    whole, accept = painter.convert_and_format_image, painter.accept_blobs

    def preprocess(payload: Any) -> dict[str, Any] | None:
        if payload is None:
            return None
        held = painter.blob_storage.pop(payload.id, None) if payload.id is not None else payload
        layers = [layer for layer in (held.layers if held else []) if layer is not None]
        if len(layers) > MOST_LAYERS or any(_pixels(layer) > MOST_PIXELS for layer in layers):
            raise gr.Error(TOO_LARGE, print_exception=False)
        return {"background": None, "layers": [whole(layer) for layer in layers], "composite": None}

    @server
    def accept_blobs(data: Any) -> None:
        index, key = str(data.data["index"] or "null"), str(data.data["id"])
        known = index == "null" or (index.isascii() and index.isdigit() and int(index) < MOST_LAYERS)
        if not known or len(key) > 100 or len(data.files) != 1 or len(data.files[0][1]) > MOST_BYTES:
            raise HTTPException(413)
        while len(painter.blob_storage) >= MOST_PARTS and key not in painter.blob_storage:
            painter.blob_storage.pop(next(iter(painter.blob_storage)), None)  # the oldest
        accept(data)

    painter.preprocess, painter.accept_blobs = preprocess, accept_blobs
    return painter


def own_files_only(part: Any) -> Any:
    """Let a part take uploads alone: of an address, gradio would fetch what is there."""
    move = part.async_move_resource_to_block_cache

    async def moved(path: Any) -> str | None:
        if path is not None and "://" in str(path)[:20]:
            raise gr.Error("an address is no upload; open a file", print_exception=False)
        return await move(path)

    part.async_move_resource_to_block_cache = moved
    return part


def _pixels(layer: Any) -> int:
    """Of a layer, by its header."""
    try:
        with PIL.Image.open(io.BytesIO(layer) if isinstance(layer, bytes) else layer.path) as picture:
            return picture.width * picture.height
    except (OSError, PIL.Image.DecompressionBombError) as error:
        raise gr.Error("what was painted cannot be read; reload the page", print_exception=False) from error
