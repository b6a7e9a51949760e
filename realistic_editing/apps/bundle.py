"""Put a run's weights into the package, in half precision: the one call behind scripts/bundle.py."""
import json
import re
from pathlib import Path

from realistic_editing.apps.smoke import is_of_smoke_run
from realistic_editing.common.errors import InputError
from realistic_editing.weights import load_network, save_network
from realistic_editing.weights.files import WEIGHTS_FOLDER, describe_file
from realistic_editing.weights.registry import bundled_kinds

_FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/'\"]+/)+")  # of absolute paths


def bundle(run: str | Path, name: str, folder: str | Path = WEIGHTS_FOLDER, rounded: bool = False) -> Path:
    """Write the network of a finished run as weights that load by name.

    Args:
        run: the folder of a training run.
        name: of the bundled weights, such as "critic".
        folder: where they go; the package's own.
        rounded: whether large tensors take a byte for each value, which halves the file again.

    Returns:
        The path of the weights.

    Raises:
        InputError: when the name is unknown, the run is not finished, was a smoke run, or holds another network than is
            bundled by that name, or the weights cannot be written.
    """
    if name not in bundled_kinds():
        raise InputError(f"name is {name!r}; the package knows {', '.join(bundled_kinds())}")
    record = Path(run) / "run.json"
    if not record.is_file():
        raise InputError(f"{record}: not found; name the folder of a training run that has ended")
    if is_of_smoke_run(Path(run) / "model.safetensors"):
        raise InputError(f"{run}: a smoke run, which learned nothing; train without trainer.smoke=true")
    network, path = load_network(Path(run) / "model.safetensors", bundled_kinds()[name]), Path(folder) / f"{name}.safetensors"
    if path.is_file() and (before := describe_file(path)["network"]) != network.card["network"]:
        fitting = [other for other in bundled_kinds() if _holds(Path(folder), other, network.card["network"])]
        by_path = f"no name holds one like it: use {Path(run) / 'model.safetensors'} by its path"
        remedy = f"give another name: {', '.join(fitting)} holds one like it" if fitting else by_path
        raise InputError(f"{run}: holds {network.card['network']}, and {name} is {before}; {remedy}")
    card = {**network.card, "machine": _machine(record)}
    if "command" in card:
        card["command"] = _FOLDERS.sub("", card["command"])  # that nobody else has
    kind, arguments = card.pop("network"), card.pop("config")
    save_network(network, kind, path, arguments, card, half=True, rounded=rounded)
    return path


def _machine(record: Path) -> str:
    try:
        return str(json.loads(record.read_text())["machine"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{record}: does not say which machine trained ({error}); train again, or add \"machine\"") from error


def _holds(folder: Path, name: str, network: str) -> bool:
    path = folder / f"{name}.safetensors"
    return path.is_file() and describe_file(path)["network"] == network
