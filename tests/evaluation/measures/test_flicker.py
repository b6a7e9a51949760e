"""Flicker: none for a steady or drifting edit, known for one that blinks."""
import numpy as np
import pytest

from realistic_editing.evaluation.measures.flicker import Flicker

MASK = np.full((6, 8), 255, np.uint8)


def flicker_of(changes, frames=None, mask=MASK, dtype=np.uint8):
    flicker, level = Flicker(), 257 if dtype == np.uint16 else 1
    for index, change in enumerate(changes):
        frame = np.full((6, 8, 3), 100, dtype) * dtype(level) if frames is None else frames[index]
        flicker.add(frame, (frame.astype(int) + change * level).astype(frame.dtype), mask)
    return flicker.result()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_known_values(dtype):
    none = {"region": 0.0, "pixels": 0.0, "triples": 3}
    assert flicker_of([20] * 5, dtype=dtype) == none and flicker_of([0, 5, 10, 15, 20], dtype=dtype) == none
    found = flicker_of([10, 0, 10, 0, 10], dtype=dtype)  # 10 - 2 * 0 + 10
    assert found["region"] == pytest.approx(20, abs=1e-3) and found["pixels"] == pytest.approx(20, abs=1e-3)


def test_the_scene_itself_does_not_count():
    frames = [np.random.default_rng(seed).integers(0, 200, (6, 8, 3), dtype=np.uint8) for seed in range(4)]
    assert flicker_of([30] * 4, frames)["pixels"] == 0


def test_noise_counts_by_pixels_and_hardly_for_the_region():
    frames = [np.full((60, 80, 3), 100, np.uint8)] * 5
    noise = [np.random.default_rng(seed).integers(-9, 10, (60, 80, 3)) for seed in range(5)]
    found = flicker_of(noise, frames, np.full((60, 80), 255, np.uint8))
    assert found["pixels"] > 8 and found["region"] < 0.1 * found["pixels"]


def test_only_inside_the_mask_and_only_within_a_shot():
    assert flicker_of([10, 0, 10], mask=np.zeros((6, 8), np.uint8)) is None and flicker_of([10, 0]) is None
    flicker, frame = Flicker(), np.full((6, 8, 3), 100, np.uint8)
    for edited in (frame, frame + 10):
        flicker.add(frame, edited, MASK)
    flicker.cut()
    flicker.add(frame, frame, MASK)
    assert flicker.result() is None
