"""Find the configs, and turn their groups into objects."""
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]

# Beside the package in a checkout, inside it in an installed wheel.
CONFIGS = next(folder for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir())


def quoted(arguments: list[str], names: tuple[str, ...]) -> list[str]:
    """Quote the values of some options for Hydra, so that they reach the program as typed.

    Args:
        arguments: of the command line, such as "image=my photo, 2.jpg".
        names: the options whose values are plain text.
    """
    result = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and name in names and value and value != "null" and value[0] not in "'\"":
            value = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        result.append(name + equals + value)
    return result
