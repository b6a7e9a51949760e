"""Which weights an evaluation is of: what its folder is called after, and what its report says of them."""
import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.smoke import is_of_smoke_run
from realistic_editing.common.tasks import TASKS
from realistic_editing.weights import fingerprint, load_network

_LONGEST = 32  # characters of a folder's name for the weights of one network: those of four stay below what file systems allow


def named_after_weights(config: DictConfig, networks: Sequence[str]) -> str:
    """What a report's folder is called after its suite, so that no two networks share one.

    Args:
        config: as configs/evaluate/evaluate.yaml.
        networks: the options that name the networks of the suite, `Suite.networks`.

    Returns:
        Such as "_critic_pix2pix_critic" for each network that is not the preset's own, in the order of `networks`, without
        the option where there is but one; "" where all are. Of a preset that the package does not have, nothing is known to be
        its own, and all are named.
    """
    path = CONFIGS / "evaluate/preset" / f"{config.preset}.yaml"
    usual = OmegaConf.merge(config, OmegaConf.load(path)) if path.is_file() else dict.fromkeys(networks)
    words = {name: f"_{name}" if len(networks) > 1 else "" for name in networks}
    return "".join(f"{words[name]}_{_short(str(config[name]))}" for name in networks if config[name] != usual[name])


def facts_of_weights(config: DictConfig, networks: Sequence[str]) -> dict[str, str | dict[str, str]]:
    """What a report says of the weights that it is of; prints a note where a smoke run made some of them.

    Args:
        config: as configs/evaluate/evaluate.yaml, with the files of `rivals`.
        networks: the options that name the networks of the suite, `Suite.networks`.

    Returns:
        "networks": option -> what `with_fingerprint` says of its weights; and where there is need "note".
        Nothing for a suite without networks.

    Raises:
        InputError: when weights cannot be used.
    """
    found = dict(_used(config, networks))
    if not found:
        return {}
    kinds = {"critic": "realism", **dict.fromkeys(("saliency", "heldout_saliency", "second_heldout"), "saliency")}
    kinds |= dict.fromkeys(TASKS, "enhancer")
    facts = {"networks": {name: with_fingerprint(weights, kinds.get(name)) for name, weights in found.items()}}
    smoke = [f"{name}={weights}" for name, weights in found.items() if any(map(is_of_smoke_run, _parts(weights)))]
    if not smoke:
        return facts
    note = f"{', '.join(smoke)}: made by a smoke run, of two steps, which learned nothing; numbers show that all works, no more"
    print(f"note: {note}", file=sys.stderr)
    return {"note": note} | facts


def with_fingerprint(weights: str, kind: str | None = None) -> str:
    """Weights as a record names them: as the user did and, in brackets, by the `fingerprint` of their values.

    Args:
        weights, kind: as for `load_network`.

    Raises:
        InputError: when they cannot be used.
    """
    return f"{weights} ({fingerprint(load_network(weights, kind))})"


def _used(config: DictConfig, networks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options that name weights, and the weights; enhancers are measured beside rivals, and by held-out networks too."""
    heldout = ("heldout_saliency", "second_heldout") if {*TASKS} & {*networks} else ()
    for name in (*networks, *heldout, "fp32_weights") if networks else ():
        if config[name] is not None:
            yield name, str(config[name])
    for number, weights in enumerate(config.rivals or () if heldout else ()):
        yield f"rivals[{number}]", str(weights)


def _parts(weights: str) -> list[str]:
    """Several saliency networks, joined by +, one by one."""
    return [weights] if Path(weights).is_file() else weights.split("+")


def _short(weights: str) -> str:
    """Bundled weights by their name, a path by its folder and stem and a mark that no other path has."""
    parts = [Path(part) for part in _parts(weights)]
    names = ["_".join(filter(None, (part.parent.name.strip("."), part.stem))) for part in parts]
    plain = re.sub(r"[^\w.+-]", "_", "+".join(names), flags=re.ASCII)
    if plain == weights and len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_LONGEST]}-{hashlib.sha256(weights.encode()).hexdigest()[:6]}"
