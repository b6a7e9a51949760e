"""All regions that a configuration asks for, built on first use, by one process at a time."""
import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from omegaconf import DictConfig

from realistic_editing.apps.option_ranges import check_options
from realistic_editing.apps.results import refuse_left_out
from realistic_editing.common.errors import InputError
from realistic_editing.data.bsds import read_bsds
from realistic_editing.data.build import build
from realistic_editing.data.coco import read_coco
from realistic_editing.data.columnar import Columnar
from realistic_editing.data.ecssd import read_ecssd
from realistic_editing.data.folder import read_folder
from realistic_editing.data.raw import RawSource
from realistic_editing.data.regions import Region
from realistic_editing.data.shards import read_shards, write_shards
from realistic_editing.weights import fingerprint, load_network

logger = logging.getLogger(__name__)

_SOURCES = ("coco", "bsds500", "ecssd")


def load_regions(config: DictConfig) -> Columnar[Region]:
    """Regions of the sources named in `config.regions`, in a fixed order.

    Several processes may call it at once, of one distributed run or of two commands: the first builds, the others wait
    and then read what it built.

    Args:
        config: with `paths` and `regions`; see configs/regions/default.yaml.

    Raises:
        InputError: when a source is unknown, none is found, or `paths.regions` cannot be written.
    """
    root, options = Path(config.paths.data), config.regions
    if options.shards:
        return read_shards(options.shards, options.cache)
    present = [name for name in _SOURCES if (root / name).is_dir()]
    sources = present if options.sources == "auto" else list(options.sources)
    unknown = sorted(set(sources) - set(_SOURCES))
    if unknown:
        raise InputError(f"regions.sources names {unknown}; use auto, or a list of {', '.join(_SOURCES)}")
    if not sources and not options.folders:
        raise InputError(
            f"{root}: holds none of {', '.join(_SOURCES)}; set paths.data or REALISTIC_EDITING_DATA to the folder that does, "
            "or regions.folders=[your/folder]"
        )
    regions: list[Region] = []
    for name in sources:
        if name == "coco":
            for subset in ("train2017", "val2017"):
                regions += build_regions(read_coco(root, subset), f"coco-{subset}", config)
        elif name == "bsds500":
            regions += build_regions(read_bsds(root), name, config)
        else:
            regions += read_ecssd(root)
    for folder in options.folders:
        regions += read_folder(folder)
    return Columnar.of(Region, regions)


def pack_regions(config: DictConfig) -> Path:
    """Decode all regions once, into shards to train from (see `data.shards`).

    Args:
        config: as configs/pack_regions.yaml.

    Returns:
        The path of their table.

    Raises:
        InputError: as `load_regions` and `write_shards`; or, when all else is written, naming what was left out.
    """
    check_options("pack_regions", config)
    regions, problems = load_regions(config), []
    path = write_shards(regions, config.output, config.size, config.photos, config.workers or os.cpu_count(), problems)
    taken, count = sum(file.stat().st_size for file in path.parent.glob("*.bin")), len(regions) - len(problems)
    print(f"{path.parent}: {count} regions, {taken / 1e9:.2f} GB; train with regions.shards={path.parent}")
    refuse_left_out(problems, "regions")
    return path


def build_regions(source: RawSource, name: str, config: DictConfig) -> list[Region]:
    """Build a source, or read what is built; ranked by the saliency network that the configuration names.

    Args:
        source: photos with annotations.
        name: of the folder below `config.paths.regions`.
        config: as for `load_regions`.

    Raises:
        InputError: when the network's weights cannot be used, or the folder cannot be written.
    """
    options, root = config.regions, Path(config.paths.data)
    kind = "mattes" if options.matte else "masks"
    network = load_network(options.saliency, kind="saliency")
    # By content: weights bundled anew under the same name rank anew.
    folder = Path(config.paths.regions) / f"{name}-{kind}-{Path(options.saliency).stem}-{fingerprint(network)}"
    with _alone_in(folder):
        network.to("cuda" if torch.cuda.is_available() else "cpu")
        device = next(network.parameters()).device
        return build(
            source,
            folder,
            root,
            saliency=lambda images: network(images.to(device)),
            matte=options.matte,
            # The same pictures under other names must not be learned from: Mechrez is for evaluation only.
            keep_out=sorted((root / "mechrez").glob("*/*_in.jpg")),
        )


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait, as long as it takes, until no other process builds in `folder`; a lock ends with the process that holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            logger.warning("%s: another process builds regions there; waiting for it", folder)
            lock.acquire()
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); set paths.regions to a folder that can") from error
    try:
        yield
    finally:
        lock.release()
