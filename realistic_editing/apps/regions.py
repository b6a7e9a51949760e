"""All regions that a configuration asks for, built on first use, by one process at a time."""
import contextlib
import dataclasses
import logging
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from realistic_editing.apps.option_ranges import check_options
from realistic_editing.apps.results import refuse_left_out
from realistic_editing.common.errors import InputError
from realistic_editing.data.bsds import read_bsds
from realistic_editing.data.build import build
from realistic_editing.data.coco import read_coco
from realistic_editing.data.columnar import Columnar
from realistic_editing.data.ecssd import read_ecssd
from realistic_editing.data.folder import read_folder
from realistic_editing.data.raw import RawPhoto, RawSource
from realistic_editing.data.regions import Region
from realistic_editing.data.shards import read_shards, write_shards
from realistic_editing.data.splits import SPLITS
from realistic_editing.data.transforms import cropping_size
from realistic_editing.evaluation.measures.samples import spread
from realistic_editing.weights import fingerprint, load_network

logger = logging.getLogger(__name__)

_SOURCES = ("coco", "bsds500", "ecssd")
_FEW = 16  # photos
_MASK = 0.05  # bytes of a stored mask for each of its pixels, at most, of nearly all


def load_regions(config: DictConfig, splits: Sequence[str] = SPLITS, photos: int | None = None) -> Columnar[Region]:
    """Regions of the sources named in `config.regions`, in a fixed order.

    Several processes may call it at once, of one distributed run or of two commands: the first builds, the others wait
    and then read what it built.

    Args:
        config: with `paths` and `regions`; see configs/regions/default.yaml.
        splits: which regions are wanted; COCO's training photos are built for "train" alone.
        photos: where a source is not built yet, build about so many of each split, evenly spaced, for a quick look; None: all.

    Raises:
        InputError: when a source is unknown, none is found, or `paths.regions` cannot be written.
    """
    options = config.regions
    if options.shards:
        return read_shards(options.shards, options.cache).where("split", lambda split: split in splits)
    regions: list[Region] = []
    for name in _sources(config):
        if name == "ecssd":
            regions += read_ecssd(config.paths.data, splits, photos)
            continue
        for raw, folder in _raw_sources(name, config.paths.data, splits):
            regions += build_regions(raw, folder, config, splits, photos)
    for own in options.folders:
        regions += read_folder(own, most=photos)
    return Columnar.of(Region, [region for region in regions if region.split in splits])


def _sources(config: DictConfig) -> list[str]:
    """The data sets that are asked for; of `auto`, those at hand, or none beside the user's own folders."""
    root, options = Path(config.paths.data), config.regions
    looked_for = list(options.get("sets") or _SOURCES)
    present = [name for name in looked_for if (root / name).is_dir()]
    automatic = options.sources == "auto"
    sources = ([] if options.folders else present) if automatic else list(options.sources)
    unknown = sorted({*sources, *looked_for} - set(_SOURCES))
    if unknown:
        raise InputError(f"regions.sources names {unknown}; use auto, or a list of {', '.join(_SOURCES)}")
    if not sources and not options.folders:
        raise InputError(
            f"{root}: holds none of {', '.join(looked_for)}; set paths.data or REALISTIC_EDITING_DATA to the folder that does, "
            "or regions.folders=[your/folder]"
        )
    return sources


def _raw_sources(name: str, root: str, splits: Sequence[str]) -> Iterator[tuple[RawSource, str]]:
    """The parts of a set that hold photos of these splits, and the name of each part's folder."""
    if name == "bsds500":
        yield read_bsds(root), name
        return
    for subset, own in (("train2017", {"train"}), ("val2017", {"val", "test"})):
        if own & {*splits}:  # the annotations of the training photos alone take half a minute to read
            yield read_coco(root, subset), f"coco-{subset}"


def of_some_photos(regions: Columnar[Region], photos: int | None) -> Columnar[Region]:
    """The regions of so many photos of each source and split, evenly spaced; None: of all."""
    if photos is None:
        return regions
    names: dict[tuple[str, str], dict[str, None]] = {}
    for region in regions:
        names.setdefault((region.source, region.split), {})[region.photo_id] = None
    kept = {key: {*spread(list(found), photos)} for key, found in names.items()}
    places = [place for place, one in enumerate(regions) if one.photo_id in kept[one.source, one.split]]
    return regions.at(np.array(places, int))


def a_few_regions(config: DictConfig, photos: int) -> Columnar[Region]:
    """Regions of a few photos, some of which train and some of which validate: for a run that is not to learn anything.

    Of data sets they are taken from those that are not trained on, because the annotations of COCO's training photos take half
    a minute to read; their sides are dealt out anew.

    Args:
        config: as for `load_regions`, which raises the same.
        photos: of each source and split.
    """
    if config.regions.shards:
        return of_some_photos(load_regions(config), photos)
    found: list[Region] = []
    if sets := _sources(config):
        unseen = OmegaConf.merge(config, {"regions": {"sources": sets, "folders": []}})
        regions = of_some_photos(load_regions(unseen, ("val", "test"), photos), photos)
        names = {name: number for number, name in enumerate(dict.fromkeys((one.source, one.photo_id) for one in regions))}
        sides = {name: "val" if number % 3 == 1 else "train" for name, number in names.items()}
        found += [dataclasses.replace(one, split=sides[one.source, one.photo_id]) for one in regions]
    for own in config.regions.folders:
        found += read_folder(own, most=photos)
    return Columnar.of(Region, found)


def few_to_validate(regions: Columnar[Region], most: int | None) -> Columnar[Region]:
    """The same regions, of which no more than `most`, evenly spaced, are on the side that validates; None: all."""
    if most is None or not len(regions):
        return regions
    numbers = regions.numbered("split")
    names = {number: regions[int(np.argmax(numbers == number))].split for number in range(numbers.max() + 1)}
    validates = np.isin(numbers, [number for number, name in names.items() if name == "val"])
    kept = spread(np.flatnonzero(validates), most)
    return regions.at(np.sort(np.concatenate([np.flatnonzero(~validates), kept]).astype(int)))


def told(regions: Columnar[Region], folders: Sequence[str] = ()) -> str:
    """A line that says what is learned from: regions, photos and sets of the training side, and what validates.

    Args:
        regions: of all splits.
        folders: the user's own, which are among them.
    """
    train, val = (regions.where("split", side.__eq__) for side in ("train", "val"))
    counts = {name: len(train.where("source", name.__eq__)) for name in (*_SOURCES, "folder")}
    own = f" {', '.join(map(str, folders))}" if folders else ""
    parts = [f"{count} of {'your folder' + own if name == 'folder' else name}" for name, count in counts.items() if count]
    photos = len({*train.numbered("photo").tolist()})
    learns = f"learns from {counted(len(train), 'region')} of {counted(photos, 'photo')}: {', '.join(parts)}"
    return f"{learns}; validates on {counted(len(val), 'region')}"


def counted(count: int, word: str) -> str:
    """So many of what a word names: "1 region", "2 regions"."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


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
    regions, problems = _fitting(load_regions(config), config.megabytes, config.size), []
    path = write_shards(regions, config.output, config.size, config.photos, config.workers or os.cpu_count(), problems)
    taken, count = sum(file.stat().st_size for file in path.parent.glob("*.bin")), len(regions) - len(problems)
    print(f"{path.parent}: {count} regions, {taken / 1e9:.2f} GB; train with regions.shards={path.parent}")
    refuse_left_out(problems, "regions")
    return path


def _fitting(regions: Columnar[Region], megabytes: float | None, size: int) -> Columnar[Region]:
    """The regions of as many photos as can be packed into so many megabytes, picked by a hash of their names; None: of all."""
    if megabytes is None:
        return regions
    photos: dict[str, list[int]] = {}
    for place, region in enumerate(regions):
        photos.setdefault(str(region.photo), []).append(place)
    left, kept = megabytes * 1e6, []
    for photo in sorted(photos, key=lambda name: zlib.crc32(Path(name).stem.encode())):
        with Image.open(photo) as opened:  # its header alone
            height, width = cropping_size(opened.height, opened.width, size)
        left -= height * width * (3 + _MASK * len(photos[photo]))
        if left < 0:
            break
        kept += photos[photo]
    if not kept:
        raise InputError(f"megabytes is {megabytes}, less than a photo takes at size={size}; make it larger, or size smaller")
    return regions.at(np.array(sorted(kept)))


def build_regions(
    source: RawSource, name: str, config: DictConfig, splits: Sequence[str] = SPLITS, photos: int | None = None
) -> list[Region]:
    """Build a source, or read what is built; ranked by the saliency network that the configuration names.

    Args:
        source: photos with annotations.
        name: of the folder below `config.paths.regions`.
        config: as for `load_regions`.
        splits, photos: as for `load_regions`; what is not built yet is then built for so many photos alone, in a folder of its
            own.

    Raises:
        InputError: when the network's weights cannot be used, or the folder cannot be written.
    """
    options, root = config.regions, Path(config.paths.data)
    kind = "mattes" if options.matte else "masks"
    network = load_network(options.saliency, kind="saliency")
    # By content: weights bundled anew under the same name rank anew.
    folder = Path(config.paths.regions) / f"{name}-{kind}-{Path(options.saliency).stem}-{fingerprint(network)}"
    if photos is not None and not (folder / "manifest.csv").is_file():
        folder = folder.with_name(f"{folder.name}-{photos}-{'-'.join(splits)}")
        source = dataclasses.replace(source, photos=_some_photos(source, splits, photos))
    with _alone_in(folder):
        network.to("cuda" if torch.cuda.is_available() else "cpu")
        device = next(network.parameters()).device
        return build(
            source,
            folder,
            root,
            saliency=lambda images: network(images.to(device)),
            matte=options.matte,
            workers=0 if len(source.photos) <= _FEW else None,  # sooner done than other processes have started
            # The same pictures under other names must not be learned from: Mechrez is for evaluation only.
            keep_out=sorted((root / "mechrez").glob("*/*_in.jpg")),
        )


def _some_photos(source: RawSource, splits: Sequence[str], photos: int) -> list[RawPhoto]:
    """Photos of each split, some more than are wanted, because one in five has too few regions, or is grey."""
    found = [[photo for photo in source.photos if photo.split == split] for split in splits]
    return [photo for side in found for photo in spread(side, photos + photos // 2 + 1)]


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
