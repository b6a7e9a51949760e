"""Calming what was suggested: each on what the one before left, nothing outside the masks; what cannot be calmed is left."""
import dataclasses

import numpy as np
import pytest
import torch

from realistic_editing.enhance import clean
from realistic_editing.enhance.clean import calm, subject_share
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.verdict import LOOKS_EDITED, SAFE, Signs, Verdict
from realistic_editing.ops import Recipe
from realistic_editing.selection.suggest import Suggestion, Suggestions

SIZE = 48, 64


def suggestion(rows, columns, kind=""):
    mask = np.zeros(SIZE, np.uint8)
    mask[rows, columns] = 255
    return Suggestion(mask, 0.2, float(mask.mean() / 255), "thing", kind, 0.9)


SUBJECT = suggestion(slice(16, 32), slice(24, 40))
SIGN, LAMP = suggestion(slice(0, 12), slice(0, 14)), suggestion(slice(30, 46), slice(48, 64))


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(60, 180, (*SIZE, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def enhancers(tiny_weights):
    judges = {name: tiny_weights[name] for name in ("critic", "saliency")}
    return {task: Enhancer.from_pretrained(tiny_weights[task], **judges) for task in ("attenuate", "amplify")}


def test_each_suggestion_is_edited_within_its_mask_and_the_subject_only_where_asked(photo, enhancers, monkeypatch):
    monkeypatch.setattr(clean, "_LEAST_GAIN", -np.inf)  # what small networks make moves nothing
    monkeypatch.setattr(clean, "_judged", lambda view, edit: Verdict(SAFE))
    found = Suggestions(SUBJECT, [SIGN, LAMP])
    done = calm(photo, found, False, enhancers)
    assert [(one, task) for one, task, _ in done.edits] == [(SIGN, "attenuate"), (LAMP, "attenuate")] and not done.left
    changed = (done.pixels != photo).any(axis=2)
    inside = (SIGN.mask > 0) | (LAMP.mask > 0)
    assert changed[SIGN.mask > 0].any() and changed[LAMP.mask > 0].any() and not changed[~inside].any()
    lifted = calm(photo, found, True, enhancers)
    assert lifted.edits[-1][:2] == (SUBJECT, "amplify")
    assert (lifted.pixels != photo).any(axis=2)[SUBJECT.mask > 0].any()


def test_what_hardly_moves_or_looks_edited_is_left_alone_with_a_reason(photo, enhancers, monkeypatch):
    found = Suggestions(None, [SIGN])
    monkeypatch.setattr(clean, "_LEAST_GAIN", np.inf)
    monkeypatch.setattr(clean, "_judged", lambda view, edit: Verdict(SAFE))
    hardly = calm(photo, found, True, enhancers)
    assert not hardly.edits and hardly.left[0][0] is SIGN and "no ordinary edit changes" in hardly.left[0][1]
    monkeypatch.setattr(clean, "_judged", lambda view, edit: Verdict(LOOKS_EDITED, ("blacks turn grey",)))
    edited = calm(photo, found, False, enhancers)
    assert not edited.edits and "would look edited (blacks turn grey)" in edited.left[0][1]
    assert np.array_equal(hardly.pixels, photo) and np.array_equal(edited.pixels, photo)


@pytest.mark.parametrize(("realism", "strength"), [(-0.2, 0.4), (-0.09, 1.0), (-0.9, None)])
def test_an_edit_that_passes_the_guard_and_looks_edited_is_taken_weaker_or_left_alone(photo, monkeypatch, realism, strength):
    """Edits that stand in: those of `propose` keep dR to -0.1 by themselves, and may look edited by another sign."""

    class Proposes:
        def view(self, pixels, mask, human):
            return self

        def propose(self, options):
            return Edit(Recipe.identity(torch.arange(4)[None]), "attenuate", realism, -0.3)

        def at_strength(self, edit, share):
            return dataclasses.replace(edit, realism_change=share * edit.realism_change)

    monkeypatch.setattr(clean, "signs_of", lambda view, recipe, change: Signs(0.5, change))
    done = calm(photo, Suggestions(None, [SIGN]), False, {"attenuate": Proposes()})
    assert [edit.strength for _, _, edit in done.edits] == ([] if strength is None else [strength])
    assert len(done.left) == 1 - len(done.edits)


def test_nothing_suggested_nothing_done(photo, enhancers):
    assert calm(photo, Suggestions(SUBJECT, []), False, enhancers).pixels is photo


def test_the_share_of_attention_in_a_mask(photo):
    even = torch.full((1, 1, *SIZE), 0.3)
    assert subject_share(lambda image: even, photo, SUBJECT.mask) == pytest.approx((SUBJECT.mask > 0).mean(), rel=1e-4)
    all_there = torch.from_numpy(SUBJECT.mask / 255.0)[None, None]
    assert subject_share(lambda image: all_there, photo, SUBJECT.mask) == pytest.approx(1.0)
    assert subject_share(lambda image: all_there, photo, SIGN.mask) == 0
