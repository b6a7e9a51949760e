"""Which things of a photo may be suggested, and in which order; and where is looked for them."""
import numpy as np
import pytest

from realistic_editing.data.masks import intersection_over_union
from realistic_editing.selection.candidates import CELLS, Candidate, in_common, merged, peaks
from realistic_editing.selection.network import THING_KINDS
from realistic_editing.selection.suggest import _ranked


def a_thing(rows, columns, share, trust=0.6, kind=None, whole=True):
    mask = np.zeros((CELLS, CELLS), bool)
    mask[rows, columns] = True
    kinds = np.array([float(kind == name) for name in THING_KINDS])
    return Candidate((0.0, 0.0), np.zeros((8, 8), np.float32), mask, trust, kinds, share, whole)


SIGN = a_thing(slice(10, 22), slice(100, 112), 0.10)
CUP = a_thing(slice(80, 100), slice(10, 30), 0.12)
SUBJECT = a_thing(slice(40, 80), slice(40, 80), 0.50)


def test_what_draws_much_for_its_size_comes_first():
    assert _ranked([CUP, SIGN], None, False) == [SIGN, CUP]
    doubted = a_thing(slice(10, 22), slice(100, 112), 0.10, trust=0.3)
    assert _ranked([CUP, doubted], None, False) == [CUP, doubted]


@pytest.mark.parametrize("other", [
    a_thing(slice(0, 60), slice(0, 70), 0.5),  # a quarter of the photo
    a_thing(slice(0, 20), slice(90, CELLS), 0.3),  # a corner: it touches two sides
    a_thing(slice(30, 50), slice(90, 110), 0.025),  # draws what its area would
    a_thing(slice(70, 90), slice(60, 90), 0.2),  # an edge of the subject
    a_thing(slice(30, 70), slice(0, CELLS), 0.4),  # from side to side
])  # fmt: skip
def test_what_is_no_distractor_is_left_out(other):
    assert _ranked([SIGN, other], SUBJECT.mask, False) == [SIGN]


def test_people_and_their_parts_are_left_out_unless_asked_for():
    person = a_thing(slice(70, 120), slice(90, 110), 0.4, kind="person")
    face = a_thing(slice(70, 84), slice(94, 106), 0.2)
    assert _ranked([SIGN, person, face], None, False) == [SIGN]
    assert _ranked([SIGN, person], None, True) == [person, SIGN]
    doubted = a_thing(slice(70, 120), slice(90, 110), 0.4, trust=0.4, kind="person")  # such as a loose guess across things
    assert _ranked([SIGN, doubted, face], None, False) == [face, SIGN]


def test_of_two_that_lie_on_each_other_the_stronger_is_taken():
    part = a_thing(slice(82, 92), slice(12, 22), 0.02)
    assert _ranked([part, CUP, SIGN], None, False) == [SIGN, CUP]


def test_a_subject_that_is_asked_for_comes_whatever_its_size():
    large = a_thing(slice(0, 100), slice(0, 90), 0.9)
    assert _ranked([SIGN, large], None, False) == [SIGN]
    assert large in _ranked([SIGN, large], None, False, main=large)
    somebody = a_thing(slice(0, 100), slice(0, 90), 0.9, kind="person")
    assert somebody not in _ranked([SIGN], None, False, main=somebody)
    assert somebody in _ranked([SIGN], None, True, main=somebody)


def test_a_thing_found_twice_is_kept_once_as_the_whole_photo_shows_it():
    closer = a_thing(slice(80, 100), slice(10, 31), 0.12, trust=0.65, whole=False)
    surer = a_thing(slice(80, 100), slice(10, 31), 0.12, trust=0.9, whole=False)
    assert merged([closer, CUP, SIGN]) == [CUP, SIGN] and merged([CUP, surer]) == [surer]
    assert intersection_over_union(CUP.mask, closer.mask) == pytest.approx(20 / 21)
    assert intersection_over_union(CUP.mask, SIGN.mask) == 0
    assert in_common(CUP.mask, closer.mask) == 1


def test_peaks_are_the_highest_places_and_a_plateau_is_one():
    attention = np.full((CELLS, CELLS), 0.1)
    attention[20:31, 60:81] = 0.9 + np.random.default_rng(0).uniform(0, 1e-6, (11, 21))  # as pictures that are resized have it
    attention[100, 10] = 1.0
    attention[100, 14] = 0.5  # beside a higher one
    assert peaks(attention) == [(10.5 / CELLS, 100.5 / CELLS), (pytest.approx(70.5 / CELLS), pytest.approx(25.5 / CELLS))]
    assert peaks(np.full((CELLS, CELLS), 1.0)) == []
