"""Training samples: alignment, determinism, and batches that depend on the step alone."""
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import RegionDataset, StepSampler, zoom_and_flip

RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture
def regions(tmp_path, write):
    """Red regions on blue photos of several shapes; the mask marks what is red."""
    made = []
    for number, (height, width) in enumerate([(60, 80), (120, 50), (700, 900), (48, 48), (1, 40)]):
        mask = np.zeros((height, width), np.uint8)
        mask[height // 4 : height // 4 + max(1, height // 4), width // 2 : width // 2 + width // 5] = 255
        photo = np.where(mask[..., None] > 0, np.uint8(RED), np.uint8(BLUE))
        made.append(
            Region(
                write(tmp_path / f"{number}.png", photo), write(tmp_path / f"{number}_mask.png", mask), "coco",
                str(number), "1", category=number,
            )
        )  # fmt: skip
    return made


def aligned(item):
    """Whether the mask covers what is red, up to the blend at its edge."""
    red = (item["image"][0].float() - BLUE[0]) / (RED[0] - BLUE[0])
    return (red - item["mask"][0].float() / 255).abs().max() < 0.03


def test_plain_items(regions):
    dataset = RegionDataset(regions, size=96)
    for index in range(len(dataset)):
        item = dataset[index]
        assert item["image"].shape == (3, 96, 96) and item["image"].dtype == torch.uint8
        assert item["mask"].shape == (1, 96, 96) and item["mask"].dtype == torch.uint8
        assert item["human"].dtype == torch.bool and item["human"] == (index == 1)
        assert item["index"].dtype == torch.int64 and item["index"] == index
        assert aligned(item)
        assert torch.equal(item["image"], dataset[index, 5]["image"])  # nothing asked for, so the seed changes nothing


def test_masks_stay_on_their_regions_through_flip_and_crop(regions):
    dataset = RegionDataset(regions, size=64, augment=True)
    for index in range(len(dataset)):
        plain, images = dataset[index], set()
        for seed in range(30):
            item = dataset[index, seed]
            assert aligned(item)
            assert item["mask"].max() > 250  # the region is there
            images.add(item["image"].numpy().tobytes())
        assert aligned(plain) and len(images) > 3


def test_crops_hold_the_whole_region_and_vary(regions):
    mask = np.zeros((100, 140), np.uint8)
    mask[20:50, 90:120] = 255
    image, sizes, flips = np.zeros((100, 140, 3), np.uint8), [], 0
    image[..., 0] = np.arange(140)
    for seed in range(200):
        cut, inside = zoom_and_flip(image, mask, np.random.default_rng(seed))
        assert (inside > 0).sum() == 900 and cut.shape[:2] == inside.shape
        assert 0.45 * 100 <= inside.shape[0] <= 100 and 0.45 * 140 <= inside.shape[1] <= 140
        sizes.append(inside.shape)
        flips += int(cut[0, 0, 0] > cut[0, -1, 0])
    assert 70 < flips < 130
    assert min(h for h, _ in sizes) < 60 and max(h for h, _ in sizes) > 90


def test_large_regions_are_not_zoomed_past_the_largest_share(regions):
    mask = np.zeros((100, 100), np.uint8)
    mask[30:80, 20:90] = 255  # 35 %
    for seed in range(50):
        _, inside = zoom_and_flip(np.zeros((100, 100, 3), np.uint8), mask, np.random.default_rng(seed))
        assert (inside > 0).mean() < 0.45


def test_an_empty_mask_is_cropped_anywhere():
    image = np.zeros((20, 30, 3), np.uint8)
    for seed in range(20):
        assert zoom_and_flip(image, np.zeros((20, 30), np.uint8), np.random.default_rng(seed))[1].size


def test_jitter_changes_tone_not_place(regions):
    dataset = RegionDataset(regions, size=64, jitter=True)
    items = [dataset[0, seed] for seed in range(10)]
    assert len({item["image"].numpy().tobytes() for item in items}) > 5
    assert all(torch.equal(item["mask"], items[0]["mask"]) for item in items)
    change = torch.stack([item["image"].float() for item in items]) - dataset[0]["image"].float()
    assert 1 < change.abs().max() < 80


def test_same_seed_same_pixels_with_and_without_cache(regions):
    options = {"size": 64, "augment": True, "jitter": True}
    cached, small = RegionDataset(regions, **options), RegionDataset(regions, **options, cache_bytes=40_000)
    uncached = RegionDataset(regions, **options, cache=False)
    for _ in range(2):
        for index in range(len(regions)):
            first = cached[index, 3]
            for dataset in (small, uncached):
                assert all(torch.equal(first[name], dataset[index, 3][name]) for name in first)
    assert not uncached._cache and 0 < len(small._cache) < len(cached._cache) == len(regions)


def test_regions_of_one_photo_share_its_pixels_in_the_cache(regions):
    dataset = RegionDataset([regions[0], regions[0]], size=32)
    first, second = (dataset._load(index, regions[0])[0] for index in (0, 1))
    assert first is second


def test_steps_resume_exactly():
    whole = list(StepSampler(10, 4, seed=3, start_step=0, total_steps=20))
    assert whole[7:] == list(StepSampler(10, 4, seed=3, start_step=7, total_steps=20)) and len(whole) == 20
    assert len(StepSampler(10, 4, 3, 7, 20)) == 13 and len(StepSampler(10, 4, 3, 20, 20)) == 0
    assert whole != list(StepSampler(10, 4, seed=4, start_step=0, total_steps=20))


def test_every_epoch_sees_each_index_once_in_a_new_order():
    flat = [index for batch in StepSampler(10, 4, 0, 0, 10) for index, _ in batch]
    epochs = [flat[start : start + 10] for start in range(0, 40, 10)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs) and epochs[0] != epochs[1]
    seeds = [seed for batch in StepSampler(10, 4, 0, 0, 10) for _, seed in batch]
    assert len(set(seeds)) == 40 and min(seeds) >= 0


def test_a_window_uses_few_shards_at_a_time_and_is_otherwise_a_shuffle():
    shards = np.repeat(np.arange(20), np.random.default_rng(0).integers(1, 40, 20))
    options = {"length": len(shards), "batch_size": 6, "seed": 5, "total_steps": 300, "shards": shards, "window": 4}
    whole = list(StepSampler(start_step=0, **options))
    flat = np.array([index for batch in whole for index, _ in batch])
    epochs = [flat[start : start + len(shards)] for start in range(0, len(flat) - len(shards), len(shards))]
    assert len(epochs) > 3 and not np.array_equal(epochs[0], epochs[1])
    for epoch in epochs:
        assert np.array_equal(np.sort(epoch), np.arange(len(shards)))
        places = [np.flatnonzero(shards[epoch] == shard) for shard in range(20)]
        in_use = [sum(found[0] <= place <= found[-1] for found in places) for place in range(len(shards))]
        assert max(in_use) <= 4 and np.mean(in_use) > 2
    assert list(StepSampler(start_step=171, **options)) == whole[171:]
    ranks = [list(StepSampler(start_step=171, rank=rank, world_size=3, **options)) for rank in range(3)]
    assert [first + second + third for first, second, third in zip(*ranks, strict=True)] == whole[171:]


def test_a_batch_may_be_larger_than_the_set():
    batch = next(iter(StepSampler(3, 7, 0, 0, 1)))
    assert sorted(index for index, _ in batch[:6]) == [0, 0, 1, 1, 2, 2] and len(batch) == 7


def test_ranks_share_each_batch():
    whole = list(StepSampler(10, 6, 1, 0, 9))
    ranks = [list(StepSampler(10, 6, 1, 0, 9, rank=rank, world_size=3)) for rank in range(3)]
    assert [first + second + third for first, second, third in zip(*ranks, strict=True)] == whole


@pytest.mark.parametrize(
    "options",
    [
        {"length": 0}, {"seed": -1}, {"start_step": -1}, {"batch_size": 0}, {"world_size": 3},
        {"rank": 2, "world_size": 2}, {"rank": -1}, {"window": 2}, {"window": 2, "shards": np.zeros(9)}, {"window": -1},
    ],
)  # fmt: skip
def test_sampler_rejects_what_does_not_fit(options):
    with pytest.raises(ValueError, match="is"):
        StepSampler(**{"length": 10, "batch_size": 4, "seed": 0, "start_step": 0, "total_steps": 5, **options})


def test_workers_change_nothing(regions):
    dataset = RegionDataset(regions, size=32, augment=True)
    batches = [
        list(DataLoader(dataset, batch_sampler=StepSampler(len(regions), 3, 0, 2, 6), num_workers=workers))
        for workers in (0, 2)
    ]
    for alone, shared in zip(*batches, strict=True):
        assert all(torch.equal(alone[name], shared[name]) for name in alone)
