"""A region whose pixels lie in a shard (see `data.shards`), mapped into memory, and fetched first where it has a URL."""
import dataclasses
import functools
import hashlib
import os
import shutil
from pathlib import Path

import cv2
import fsspec
import numpy as np
from filelock import FileLock

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.regions import Region

TABLE = "regions.csv"  # written last: where it is, the shards are whole


@dataclasses.dataclass(frozen=True)
class PackedRegion(Region):
    """A region whose pixels lie in a shard; `photo` and `mask` say where they came from, and need not be there.

    Args:
        shard: the shard's file.
        photo_at, height, width: where the photo's pixels begin, and their size.
        mask_at, mask_bytes: the same of the mask's PNG.
        cache: a folder where a shard that has a URL is kept, once it was needed.
        digest: of the shard, as `digest_of` gives it; empty in tables written before there was one.
    """

    shard: str = ""
    photo_at: int = 0
    height: int = 0
    width: int = 0
    mask_at: int = 0
    mask_bytes: int = 0
    cache: str = ""
    digest: str = ""

    def unpacked(self) -> tuple[np.ndarray, np.ndarray]:
        """The photo, (height, width, 3) uint8 RGB, read-only in the shard, and its mask, (height, width) uint8.

        Raises:
            InputError: when the shard is not there, or is cut short.
        """
        return self.stored_photo(), self.stored_mask()

    def stored_photo(self) -> np.ndarray:
        """The photo alone, as `unpacked` gives it: nothing is decoded or copied."""
        return self._stored(self.photo_at, 3 * self.height * self.width).reshape(self.height, self.width, 3)

    def stored_mask(self) -> np.ndarray:
        """The mask alone, decoded."""
        mask = cv2.imdecode(np.asarray(self._stored(self.mask_at, self.mask_bytes)), cv2.IMREAD_GRAYSCALE)
        if mask is None or mask.shape != (self.height, self.width):
            raise self._not_whole()
        return mask

    def _stored(self, start: int, length: int) -> np.ndarray:
        found = _mapped(self.shard, self.cache, self.digest)[start : start + length]
        if len(found) < length or not length:
            raise self._not_whole()
        return found

    def _not_whole(self) -> InputError:
        return InputError(f"{self.shard}: cut short, or not as {TABLE} says; pack the regions again")


@functools.cache
def _mapped(path: str, cache: str, digest: str) -> np.ndarray:
    if "://" in path:
        path = str(_fetched(path, Path(cache), digest))
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such shard; copy the whole folder, or pack the regions again")
    return np.memmap(path, np.uint8, mode="r")


def _fetched(url: str, cache: Path, digest: str) -> Path:
    """Where a shard is kept; the first of several processes fetches it, whole or not at all."""
    kept = cache / url.rsplit("/", 1)[1]
    length = int(digest.split("-")[0]) if digest else None
    for last in (False, True):  # a connection may break once
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with FileLock(kept.with_suffix(".lock")):
                if not kept.is_file() or length not in (None, kept.stat().st_size):
                    _fetch(url, kept, digest)
            break
        except (OSError, ValueError, ImportError) as error:
            if last:
                remedy = "check address, connection and room, or pack the regions again"
                raise InputError(f"{url}: cannot be fetched into {cache} ({error}); {remedy}") from error
    return kept


def _fetch(url: str, kept: Path, digest: str) -> None:
    with replacing(kept) as temporary:
        with temporary.open("wb") as here, fsspec.open(url, "rb") as there:
            shutil.copyfileobj(there, here, 1 << 20)
        if digest and (found := digest_of(temporary)) != digest:
            raise OSError(f"what came is {found}, and {TABLE} says {digest}: bytes and hash")


def digest_of(path: Path) -> str:
    """A file's bytes and the beginning of their SHA-256, as BYTES-HASH."""
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
            length += len(part)
    return f"{length}-{digest.hexdigest()[:32]}"
