"""JSON and YAML of others: nothing nests deeper, or says more by repeating itself, than a file of this project does."""
import json
from pathlib import Path
from typing import Any

import yaml

_DEEPEST = 32  # levels
_MOST = 2_000_000  # values, what is repeated by YAML's aliases counted each time
_LARGEST_YAML = 2**18  # bytes; a plan of a hundred regions has 10 kB, and YAML is read slowly


def parse_json(text: str | bytes) -> Any:
    """What a text in JSON holds.

    Raises:
        ValueError: when it is no JSON, or nests too deep.
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError(_too_deep()) from None
    _check(content)
    return content


def parse_yaml(text: str) -> Any:
    """What a text in YAML (or JSON) holds, of plain values alone.

    Raises:
        ValueError: when it is neither, or too large, or nests too deep, or a part holds itself.
    """
    if len(text) > _LARGEST_YAML:
        raise ValueError(f"has {len(text)} characters, more than the {_LARGEST_YAML} that are read")
    try:
        content = yaml.safe_load(text)
    except RecursionError:
        raise ValueError(_too_deep()) from None
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    _check(content)
    return content


def read_text(path: str | Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises OSError and ValueError."""
    return Path(path).read_text(encoding="utf-8-sig")


def _check(content: Any) -> None:
    """Refuse what is too deep or too much, without a call for each level."""
    level, count = [content], 0
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict | list | tuple | set):
                inner += value.values() if isinstance(value, dict) else value
                count += len(value)
                if count > _MOST:
                    raise ValueError(f"holds more than {_MOST} values")
        if not inner:
            return
        level = inner
    if any(isinstance(value, dict | list) for value in level):
        raise ValueError(_too_deep())


def _too_deep() -> str:
    return f"is nested more than {_DEEPEST} levels deep"
