"""Fixations in, densities out."""
import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.data.gaze import SETS, GazeDataset, fixation_map, read_gaze


@pytest.fixture
def osie_root(tmp_path, write, colour_noise):
    write(tmp_path / "osie/stimuli/1001.jpg", colour_noise(600, 800, 1))
    write(tmp_path / "osie/stimuli/1002.jpg", colour_noise(600, 800, 2))
    rows = ["image,subject,x,y,duration_ms", "1001.jpg,0,100.5,300.5,200", "1001.jpg,1,799.9,599.9,100"]
    rows += ["1001.jpg,1,800,10,100", "1001.jpg,1,10,-1,100", "1002.jpg,0,400,300,50"]
    (tmp_path / "osie/fixations.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_fixations_outside_the_frame_are_dropped(osie_root):
    first, second = read_gaze(osie_root)
    assert first.photo_id == "1001" and second.photo_id == "1002"
    assert first.points.tolist() == [[100.5, 300.5], pytest.approx([799.9, 599.9])]
    assert first.subjects.tolist() == [0, 1] and first.durations.tolist() == [200, 100]


def test_density_peaks_at_the_fixation_and_sums_to_one():
    density = fixation_map(np.array([[30.2, 10.7]]), (40, 60), sigma_px=3)
    assert np.unravel_index(density.argmax(), density.shape) == (10, 30)
    assert density.sum() == pytest.approx(1, abs=1e-5) and density.dtype == np.float32
    beside = density[10, 33] / density[10, 30]
    assert beside == pytest.approx(np.exp(-0.5), abs=0.01)  # one sigma away


def test_density_keeps_its_sum_at_the_border():
    assert fixation_map(np.array([[0.0, 0.0]]), (40, 60), 5).sum() == pytest.approx(1, abs=1e-5)


def test_density_without_a_fixation():
    with pytest.raises(ValueError, match="none of 1 fixations"):
        fixation_map(np.array([[99.0, 5.0]]), (40, 60), 3)


@pytest.mark.parametrize("size", [(60, 80), (384, 384), (33, 97)])
def test_dataset_items(osie_root, size):
    image, density, fixations = GazeDataset(read_gaze(osie_root), size)[0]
    assert image.shape == (3, *size) and density.shape == fixations.shape == (1, *size)
    assert image.dtype == density.dtype == fixations.dtype == torch.float32
    assert 0 <= image.min() and image.max() <= 1
    assert density.sum().item() == pytest.approx(1, abs=1e-4)
    assert set(fixations.unique().tolist()) == {0, 1} and fixations.sum() == 2
    assert fixations[0, int(300.5 / 600 * size[0]), int(100.5 / 800 * size[1])] == 1


def test_seeded_flip_moves_all_three_alike(osie_root):
    dataset = GazeDataset(read_gaze(osie_root), (60, 80))
    plain = dataset[0]
    kinds = []
    for seed in range(20):
        item = dataset[0, seed]
        flipped = not torch.equal(item[0], plain[0])
        kinds.append(flipped)
        for values, original in zip(item, plain, strict=True):
            assert torch.equal(values, original.flip(-1) if flipped else original)
        assert all(torch.equal(a, b) for a, b in zip(item, dataset[0, seed], strict=True))
    assert 4 < sum(kinds) < 16


def test_missing_files_and_columns(osie_root, tmp_path):
    with pytest.raises(InputError, match="REALISTIC_EDITING_DATA"):
        read_gaze(tmp_path / "nowhere")
    (osie_root / "osie/stimuli/1002.jpg").unlink()
    with pytest.raises(InputError, match=r"1002\.jpg.*absent"):
        read_gaze(osie_root)
    (osie_root / "osie/fixations.csv").write_text("image,x,y\n1001.jpg,1,1\n")
    with pytest.raises(InputError, match="subject, duration_ms is missing"):
        read_gaze(osie_root)


def test_the_real_set(real_root):
    photos = read_gaze(real_root)
    assert len(photos) == 600 and sum(len(photo.points) for photo in photos) == 84299
    image, density, fixations = GazeDataset(photos, (240, 320))[599]
    assert image.std() > 0.02 and fixations.sum() > 20
    assert density.sum().item() == pytest.approx(1, abs=1e-4)


def test_other_sets_count_in_their_own_pixels_and_leave_the_first_look_out(tmp_path, write, colour_noise):
    for name in ("mit1003", "crowd"):
        write(tmp_path / f"{name}/stimuli/a.jpg", colour_noise(90, 120, 3))
        rows = ["image,subject,x,y,duration_ms", "a.jpg,0,60,45,200", "a.jpg,0,100.5,80.5,200", "a.jpg,1,119.9,20,9"]
        rows += ["a.jpg,1,1,1,9", "a.jpg,1,120,20,9"]  # the last lies outside
        (tmp_path / f"{name}/fixations.csv").write_text("\n".join(rows) + "\n")
    mit, crowd = read_gaze(tmp_path, ["mit1003", "crowd"])
    assert (mit.source, crowd.source) == ("mit1003", "crowd") and mit.frame == (90, 120)
    assert mit.points.tolist() == [[100.5, 80.5], [1, 1]] and len(crowd.points) == 4
    density, fixated = crowd.maps((45, 60))
    assert density.shape == (45, 60) and density.sum() == pytest.approx(1, abs=1e-5) and fixated.sum() == 4
    wide, _ = mit.maps((90, 120), np.array([[60.0, 45.0]]))
    sigma = SETS["mit1003"].sigma * 120
    assert wide[45, 60 + round(sigma)] / wide[45, 60] == pytest.approx(np.exp(-0.5 * (round(sigma) / sigma) ** 2), abs=0.02)
    with pytest.raises(InputError, match="osie, mit1003, crowd"):
        read_gaze(tmp_path, ["salicon"])


@pytest.mark.parametrize(("name", "photos", "fixations"), [("mit1003", 899, 79_000), ("crowd", 450, 113_000)])
def test_the_other_real_sets(real_root, name, photos, fixations):
    if not (real_root / name).is_dir():
        pytest.skip(f"the data root holds no {name}/")
    found = read_gaze(real_root, [name])
    assert len(found) == photos and sum(len(photo.points) for photo in found) > fixations
    assert {photo.split for photo in found} == {"train", "val", "test"}
