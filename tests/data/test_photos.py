"""Photos without labels."""
import numpy as np
import pytest

from realistic_editing.data.photos import Joined, UnlabelledPhotos, training_photos
from realistic_editing.data.splits import split_of


def test_only_training_photos_and_no_copy_of_mechrez(tmp_path, write, colour_noise):
    for index in range(20):
        write(tmp_path / f"ecssd/images/{index:04d}.jpg", colour_noise(60, 80, index))
        write(tmp_path / f"coco/train2017/{index:012d}.jpg", colour_noise(60, 80, 100 + index))
        write(tmp_path / f"coco/val2017/{index:012d}.jpg", colour_noise(60, 80, 200 + index))
    write(tmp_path / "mechrez/object_enhancement/001_in.jpg", colour_noise(120, 160, 105))
    found = training_photos(tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert "coco/train2017/000000000005.jpg" not in names
    assert sum(name.startswith("coco/train2017") for name in names) == 19
    assert not any("val2017" in name or "mechrez" in name for name in names)
    ecssd = [path.stem for path in found if "ecssd" in path.parts]
    assert 0 < len(ecssd) < 20 and all(split_of(stem, "ecssd") == "train" for stem in ecssd)


def test_items_have_the_form_of_the_gaze_data_set(tmp_path, write, colour_noise):
    path = write(tmp_path / "a.png", colour_noise(60, 80, 1))
    data = UnlabelledPhotos([path], (24, 32))
    image, density, fixations = data[0]
    assert image.shape == (3, 24, 32) and 0 <= image.min() and image.max() <= 1
    assert density.shape == fixations.shape == (1, 24, 32) and density.abs().max() == 0
    flipped = [bool((data[0, seed][0].flip(2) == image).all()) for seed in range(20)]
    assert 0 < sum(flipped) < 20


def test_joined_data_sets_pass_the_seed_on():
    class Echo(list):
        def __getitem__(self, key):
            return key

    joined = Joined(Echo([0] * 3), Echo([0] * 2))
    assert len(joined) == 5 and joined[2] == 2 and joined[3] == 0 and joined[4, 9] == (1, 9)


@pytest.mark.parametrize("size", [(8, 8)])
def test_the_cache_does_not_change_an_item(tmp_path, write, colour_noise, size):
    data = UnlabelledPhotos([write(tmp_path / "a.png", colour_noise(20, 20, 3))], size)
    first, again = data[0][0].numpy(), data[0][0].numpy()
    assert np.array_equal(first, again)
