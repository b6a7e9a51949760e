"""The parts of the page that take files: uploads alone, each read once and then gone."""
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from realistic_editing.apps.page.visitors import memory_of
from realistic_editing.common.errors import InputError


def own_files_only(part: Any) -> Any:
    """Let a part take uploads alone: of an address, gradio would fetch what is there."""
    move = part.async_move_resource_to_block_cache

    async def moved(path: Any) -> str | None:
        if path is not None and "://" in str(path)[:20]:
            raise gr.Error("an address is no upload; open a file", print_exception=False)
        return await move(path)

    part.async_move_resource_to_block_cache = moved
    return part


@contextlib.contextmanager
def read_once(path: str, folder: Path) -> Iterator[Path]:
    """An upload, which goes when it was read.

    Args:
        path: as the browser names it.
        folder: that uploads lie in.

    Raises:
        InputError: when it lies elsewhere, whatever a browser says.
    """
    file = _uploaded(path, folder)
    try:
        with _by_name(file):
            yield file
    finally:
        _discard(file)


def memory_of_upload(path: str, folder: Path) -> int:
    """What an upload will need, see `memory_of`; one that cannot be opened goes at once. Arguments as of `read_once`."""
    file = _uploaded(path, folder)
    try:
        with _by_name(file):
            return memory_of(file)
    except InputError:
        _discard(file)
        raise


@contextlib.contextmanager
def _by_name(file: Path) -> Iterator[None]:
    """Errors name the file alone: its folder says nothing to a visitor."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error).replace(str(file), file.name)) from error


def _uploaded(path: str, folder: Path) -> Path:
    if not Path(path).resolve().is_relative_to(folder.resolve()):
        raise InputError("this file was not uploaded here; open it again")
    return Path(path)


def _discard(file: Path) -> None:
    file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        file.parent.rmdir()  # that gradio made for it
