"""Results made here are measured as the published ones of Mechrez were saved: JPEG of quality 70, 4:2:0."""
import io

import numpy as np
import pytest
from PIL import Image

from realistic_editing.evaluation.comparison.codec import as_published


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (6, 8, 3)).astype(np.uint8).repeat(10, 0).repeat(10, 1)


def test_it_is_the_jpeg_that_others_wrote(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=70, subsampling="4:2:0")
    other = np.asarray(Image.open(file)).astype(int)
    found = as_published(pixels, "mechrez")
    assert found.shape == pixels.shape and found.dtype == np.uint8
    assert np.abs(found - other).mean() < 1 < np.abs(found.astype(int) - pixels).mean()


def test_results_of_other_sets_stay_as_they_are(pixels):
    assert as_published(pixels, "folder") is pixels


def test_the_published_files_are_of_that_quality(mechrez_root):
    file = io.BytesIO()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(file, "JPEG", quality=70, subsampling="4:2:0")
    tables = Image.open(file).quantization
    published = sorted((mechrez_root / "mechrez/object_enhancement").glob("*_hag.jpg"))[:5]
    assert published and all(Image.open(path).quantization == tables for path in published)
