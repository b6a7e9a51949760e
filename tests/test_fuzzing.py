"""Every reader, on made-up and damaged files: what cannot be used is an InputError, never a traceback, a hang or a silent yes.

The number of examples is bounded so that the file takes some seconds; derandomized, so that it says the same every time.
"""
import io
import json

import numpy as np
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from realistic_editing.apps.plan import read_plan
from realistic_editing.common.errors import InputError
from realistic_editing.common.ranges import Number
from realistic_editing.data.clips import open_clip
from realistic_editing.data.images import Photo, read_mask, read_photo
from realistic_editing.data.pixels import read_grey, read_own_mask, read_rgb
from realistic_editing.data.regions import COLUMNS, read_manifest
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.options import NAMES, EditOptions
from realistic_editing.evaluation.suites.ratings import RATING_COLUMNS, read_ratings
from realistic_editing.ops import Recipe
from realistic_editing.training.settings import Trainer
from realistic_editing.weights.files import METADATA, describe_file
from realistic_editing.weights.registry import NETWORKS, network_class
from realistic_editing.weights.schema import check_config

SIZE = 48, 64
BOUNDED = settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6),
    st.sampled_from([10**400, -1, 0, 1, 2, 0.5, float("nan"), float("inf"), [], {}, [[0, 1], [2]], "attenuate"]),
    st.lists(st.integers(-3, 3) | st.floats(), max_size=4),
)  # fmt: skip
ANY = st.recursive(ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3))


def encoded(kind: str) -> bytes:
    grey = np.add.outer(np.arange(SIZE[0]) * 3, np.arange(SIZE[1])).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.stack([grey, grey[::-1], grey[:, ::-1]], axis=2)).save(buffer, kind)
    return buffer.getvalue()


PICTURES = {kind: encoded(kind) for kind in ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP")}
READERS = (read_photo, lambda path: read_mask(path, SIZE), lambda path: read_rgb(path, upright=True), read_grey, read_own_mask)


def refused_or(read, *arguments):
    """What it reads, or None where it refuses in words; any other error is the test's."""
    try:
        return read(*arguments)
    except InputError as error:
        assert str(error)
        return None


@st.composite
def damaged(draw) -> bytes:
    """A picture with some bytes changed, and perhaps cut short."""
    data = bytearray(PICTURES[draw(st.sampled_from(sorted(PICTURES)))])
    head = st.integers(0, 80) | st.integers(0, len(data) - 1)  # most of what a decoder believes is at the beginning
    for place, value in draw(st.lists(st.tuples(head, st.integers(0, 255)), max_size=8)):
        data[place] = value
    return bytes(data[: draw(st.integers(0, len(data)) | st.just(len(data)))])


@BOUNDED
@given(data=damaged() | st.binary(max_size=300))
def test_pictures(tmp_path, data):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for read in READERS:
        refused_or(read, path)


@BOUNDED
@given(data=st.binary(max_size=300) | st.sampled_from([b"#EXTM3U\n", b"ffconcat version 1.0\nfile a.mp4\n", b"<svg/>"]))
def test_what_is_no_clip(tmp_path, data):
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    assert refused_or(open_clip, path) is None


RECIPE = Recipe.identity(torch.tensor([[0, 1, 2, 3]])).to_dict()


@BOUNDED
@given(key=st.sampled_from([*RECIPE["edits"][0], "format", "version", "blend", "edits"]), value=ANY)
def test_recipes(tmp_path, key, value):
    content = json.loads(json.dumps(RECIPE))
    (content["edits"][0] if key in content["edits"][0] else content)[key] = value
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    recipe = refused_or(Recipe.load, path)
    assert recipe is None or all(bool(getattr(recipe, name).isfinite().all()) for name in ("exposure", "color_curve"))


@BOUNDED
@given(content=ANY, text=st.text(max_size=60), raw=st.binary(max_size=60))
def test_texts_of_any_content(tmp_path, content, text, raw):
    photo = Photo(np.zeros((*SIZE, 3), np.uint8), None, {}, tmp_path / "photo.png")
    path = tmp_path / "a.txt"
    for data in (json.dumps(content).encode(), text.encode("utf-8", "replace"), raw):
        path.write_bytes(data)
        for read in (Recipe.load, lambda one: read_plan(one, photo), read_ratings, lambda one: read_manifest(one, tmp_path)):
            assert refused_or(read, path) is None


@BOUNDED
@given(entry=st.dictionaries(st.sampled_from([*NAMES, "box", "points", "outside", "label", "name", "mask", "alpha"]), ANY))
def test_plans(tmp_path, entry):
    photo = Photo(np.zeros((*SIZE, 3), np.uint8), None, {}, tmp_path / "photo.png")
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump([{"task": "attenuate", "mask": "none.png", **entry}]), encoding="utf-8")
    assert refused_or(read_plan, path, photo) is None  # there is no such mask


@BOUNDED
@given(values=st.dictionaries(st.sampled_from(NAMES), ANY))
def test_options_of_an_edit(values):
    found = refused_or(EditOptions.read, values)
    assert found is None or (Number(0, 1.5).fits(found.strength) if found.strength is not None else True)


@BOUNDED
@given(cells=st.lists(st.text(max_size=8), min_size=10, max_size=10))
def test_tables(tmp_path, cells):
    path = tmp_path / "a.csv"
    for header, read in ((RATING_COLUMNS, read_ratings), (COLUMNS, lambda one: read_manifest(one, tmp_path))):
        line = ",".join(cells[: len(header)])
        path.write_bytes(f"{','.join(header)}\n{line}\n".encode("utf-8", "replace"))
        refused_or(read, path)


@BOUNDED
@given(content=ANY, key=st.sampled_from(["network", "config", "card", "frozen"]))
def test_what_weights_say_of_themselves(tmp_path, content, key):
    said = {"network": "compact_critic", "config": {}, "card": {}, key: content}
    head = json.dumps({"__metadata__": {METADATA: json.dumps(said)}}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(head).to_bytes(8, "little") + head)
    found = refused_or(describe_file, path)
    assert found is None or found["network"] in NETWORKS


@pytest.mark.parametrize("name", sorted(NETWORKS))
@settings(BOUNDED, max_examples=15)
@given(data=st.data())
def test_arguments_of_networks(name, data):
    import inspect

    known = list(inspect.signature(network_class(NETWORKS[name].target)).parameters)
    config = data.draw(st.dictionaries(st.sampled_from([*known, "other"]), ANY, max_size=2))
    try:
        check_config(name, config, "a.safetensors")
    except InputError as error:
        assert "a.safetensors" in str(error)
        return
    assert "other" not in config
    for value in config.values():  # what is let in is small enough to be built
        assert not isinstance(value, int | float) or abs(value) <= 4096


@pytest.mark.parametrize("kind", [Trainer, Objective])
@BOUNDED
@given(data=st.data())
def test_settings_of_trainings(kind, data):
    needed = {"steps": 1, "batch_size": 1} if kind is Trainer else {"saliency_weight": -1.0}
    names = [name for name in kind.__dataclass_fields__]
    changes = data.draw(st.dictionaries(st.sampled_from(names), ANY, max_size=3))
    try:
        made = kind(**needed | changes)
    except ValueError as error:
        assert str(error)
        return
    numbers = [value for value in vars(made).values() if isinstance(value, int | float)]
    assert all(abs(value) < float("inf") for value in numbers)
