"""The parts of the page that take files: uploads alone."""
from typing import Any

import gradio as gr


def own_files_only(part: Any) -> Any:
    """Let a part take uploads alone: of an address, gradio would fetch what is there."""
    move = part.async_move_resource_to_block_cache

    async def moved(path: Any) -> str | None:
        if path is not None and "://" in str(path)[:20]:
            raise gr.Error("an address is no upload; open a file", print_exception=False)
        return await move(path)

    part.async_move_resource_to_block_cache = moved
    return part
