"""Put a run's weights into the package, in half precision: the one call behind scripts/bundle.py."""
import json
import re
from pathlib import Path

from realistic_editing.common.errors import InputError
from realistic_editing.weights import load_network, save_network
from realistic_editing.weights.files import WEIGHTS_FOLDER
from realistic_editing.weights.registry import bundled_kinds

_FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/'\"]+/)+")  # of absolute paths


def bundle(run: str | Path, name: str, folder: str | Path = WEIGHTS_FOLDER) -> Path:
    """Write the network of a finished run as weights that load by name.

    Args:
        run: the folder of a training run.
        name: of the bundled weights, such as "critic".
        folder: where they go; the package's own.

    Returns:
        The path of the weights.

    Raises:
        InputError: when the name is unknown, the run is not finished or holds another kind of network, or the weights
            cannot be written.
    """
    if name not in bundled_kinds():
        raise InputError(f"name is {name!r}; the package knows {', '.join(bundled_kinds())}")
    record = Path(run) / "run.json"
    if not record.is_file():
        raise InputError(f"{record}: not found; name the folder of a training run that has ended")
    network = load_network(Path(run) / "model.safetensors", bundled_kinds()[name])
    card = {**network.card, "machine": json.loads(record.read_text())["machine"]}
    if "command" in card:
        card["command"] = _FOLDERS.sub("", card["command"])  # that nobody else has
    kind, arguments = card.pop("network"), card.pop("config")
    path = Path(folder) / f"{name}.safetensors"
    save_network(network, kind, path, arguments, card, half=True)
    return path
