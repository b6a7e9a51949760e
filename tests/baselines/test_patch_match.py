"""PatchMatch against a search through all patches, and votes by hand."""
import numpy as np
import pytest

from realistic_editing.baselines.patch_match import nearest_patches, vote


@pytest.fixture
def photos():
    """A photo of random blobs, and the same moved by 3 and -4 pixels, with a little noise."""
    generator = np.random.default_rng(0)
    photo = generator.uniform(0, 100, (8, 9, 3)).repeat(3, axis=0).repeat(3, axis=1)
    noise = generator.normal(size=(2, 24, 27, 3))
    return (photo + noise[0]).astype(np.float32), (np.roll(photo, (3, -4), axis=(0, 1)) + noise[1]).astype(np.float32)


def patches(image, patch):
    """(H, W, 3) -> (H * W, patch * patch * 3)."""
    around = patch // 2
    padded = np.pad(image, ((around, around), (around, around), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (patch, patch), axis=(0, 1))
    return windows.reshape(image.shape[0] * image.shape[1], -1)


def all_distances(image, source, patch):
    one, other = patches(image, patch).astype(np.float64), patches(source, patch).astype(np.float64)
    return np.square(one[:, None] - other).sum(axis=-1)


def identity(size):
    return np.stack(np.indices(size), axis=-1).astype(np.int32)


@pytest.mark.parametrize("patch", [3, 7])
def test_matches_are_nearly_the_nearest_of_those_allowed(photos, patch):
    image, source = photos
    targets, allowed = np.zeros((2, *image.shape[:2]), bool)
    allowed[5:, :18] = True
    targets[4:20, 3:25] = True
    field, distance = nearest_patches(image, source, targets, allowed, patch, sweeps=8)
    exact = all_distances(image, source, patch)
    best = exact[:, allowed.ravel()].min(axis=1).reshape(targets.shape)[targets]
    index = (field[..., 0] * source.shape[1] + field[..., 1]).ravel()
    own = exact[np.arange(len(index)), index].reshape(targets.shape)[targets]
    assert allowed[tuple(field[targets].T)].all()
    assert distance[targets] == pytest.approx(own, rel=1e-4)
    alike = best < 10 * patch**2  # the moved patch is allowed: noise alone keeps them apart
    assert alike.sum() > 100 and (own[alike] <= best[alike] * (1 + 1e-4)).mean() > 0.98
    assert (own >= best * (1 - 1e-4)).all() and own.mean() < 1.4 * best.mean()
    assert not distance[~targets].any() and not field[~targets].any()


def test_a_photo_matches_itself(photos):
    image, everywhere = photos[0], np.ones(photos[0].shape[:2], bool)
    field, distance = nearest_patches(image, image, everywhere, everywhere, start=identity(everywhere.shape))
    assert np.array_equal(field, identity(everywhere.shape)) and not distance.any()


def test_more_sweeps_never_make_a_match_worse(photos):
    everywhere = np.ones(photos[0].shape[:2], bool)
    few, more = (nearest_patches(*photos, everywhere, everywhere, sweeps=sweeps)[1] for sweeps in (1, 4))
    assert (more <= few).all() and more.mean() < few.mean()


def test_the_same_seed_gives_the_same_matches(photos):
    everywhere = np.ones(photos[0].shape[:2], bool)
    first, again, other = (nearest_patches(*photos, everywhere, everywhere, sweeps=1, seed=seed)[0] for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_start_that_is_not_allowed_is_drawn_anew(photos):
    targets, allowed = np.ones((2, *photos[0].shape[:2]), bool)
    allowed[:, 5:] = False
    field, _ = nearest_patches(*photos, targets, allowed, sweeps=0, start=identity(targets.shape))
    assert np.array_equal(field[:, :5], identity(targets.shape)[:, :5]) and (field[..., 1] < 5).all()


def test_what_cannot_be_searched_is_refused(photos):
    everywhere = np.ones(photos[0].shape[:2], bool)
    with pytest.raises(ValueError, match="patch is 4"):
        nearest_patches(*photos, everywhere, everywhere, patch=4)
    with pytest.raises(ValueError, match="no patch is allowed"):
        nearest_patches(*photos, everywhere, ~everywhere)


def test_where_every_pixel_is_its_own_match_the_vote_is_the_photo(photos):
    assert vote(photos[0], identity(photos[0].shape[:2])) == pytest.approx(photos[0], rel=1e-5)


def test_a_vote_is_the_mean_of_the_patches_laid_over_a_pixel():
    source = np.arange(5, dtype=np.float32)[None, :, None] * np.ones(3, np.float32)
    field = np.array([[[0, 0], [0, 4], [0, 2]]])
    # Patches of three: around 0 (0 0 1), around 4 (3 4 4), around 2 (1 2 3). The first pixel gets the centre of its own
    # and the left of the second: (0 + 3) / 2; the middle one 1, 4 and 1; the last 4 and 2.
    assert vote(source, field, patch=3)[0, :, 0] == pytest.approx([1.5, 2.0, 3.0])
    # With the middle pixel alone in a region, it gets its own patch only, and so do the others.
    region = np.array([[False, True, False]])
    assert vote(source, field, 3, region)[0, :, 0] == pytest.approx([0.0, 4.0, 2.0])
