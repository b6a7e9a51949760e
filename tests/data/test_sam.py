"""Segment Anything in GrabCut's place: a tiny model of random weights, so that what is tested is all around the weights."""
import sys
import types

import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.common.errors import InputError
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.sam import select_by_sam

SIDE, PATCH = 64, 16
PHOTO = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
INSIDE, OUTSIDE, BOX = [(40.0, 30.0), (44.0, 32.0)], [(5.0, 50.0)], (20.0, 10.0, 40.0, 30.0)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    transformers = pytest.importorskip("transformers", reason="needs the extra sam: pip install -e .[sam]")
    folder = tmp_path_factory.mktemp("sam")
    torch.manual_seed(0)
    config = transformers.SamConfig(
        vision_config={"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": SIDE, "mlp_dim": 16,
                       "patch_size": PATCH, "output_channels": 8, "global_attn_indexes": [0], "window_size": 2,
                       "num_pos_feats": 4},
        prompt_encoder_config={"hidden_size": 8, "image_size": SIDE, "patch_size": PATCH, "mask_input_channels": 4,
                               "image_embedding_size": SIDE // PATCH},
        mask_decoder_config={"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "mlp_dim": 16,
                             "iou_head_hidden_dim": 8},
    )  # fmt: skip
    model = transformers.SamModel(config)
    torch.nn.init.normal_(model.mask_decoder.upscale_conv1.weight)  # so that masks depend on what is asked
    model.save_pretrained(folder)
    sizes = {"mask_size": {"longest_edge": 16}, "mask_pad_size": {"height": 16, "width": 16}}
    pad = {"height": SIDE, "width": SIDE}
    transformers.SamProcessor(
        transformers.SamImageProcessor(size={"longest_edge": SIDE}, pad_size=pad, **sizes)
    ).save_pretrained(folder)
    return folder


def by_hand(weights, **prompts):
    """The surest mask, (H, W) bool, with coordinates scaled and photo and logits resized without the library's processor."""
    from transformers import SamModel

    model, scale = SamModel.from_pretrained(weights, local_files_only=True).eval(), SIDE / PHOTO.shape[1]
    given = {name: (torch.tensor(value) * scale if name != "input_labels" else torch.tensor(value))
             for name, value in prompts.items()}  # fmt: skip
    small = Image.fromarray(PHOTO).resize((SIDE, round(PHOTO.shape[0] * scale)), Image.BILINEAR)
    values = (np.asarray(small) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    image = torch.zeros(1, 3, SIDE, SIDE)
    image[0, :, : values.shape[0]] = torch.from_numpy(values).permute(2, 0, 1)
    with torch.inference_mode():
        found = model(pixel_values=image, multimask_output=True, **given)
    logits = torch.nn.functional.interpolate(found.pred_masks[0], (SIDE, SIDE), mode="bilinear", align_corners=False)
    logits = torch.nn.functional.interpolate(logits[..., : values.shape[0], :], PHOTO.shape[:2], mode="bilinear")
    return (logits[0, int(found.iou_scores.argmax())] > 0).numpy()


def agreement(mask, hard):
    return ((mask >= 128) == (alpha_matte(PHOTO, hard) >= 128)).mean()


def test_points_and_a_box_reach_the_model_in_its_own_pixels(weights):
    points = {"input_points": [[[*INSIDE, *OUTSIDE]]], "input_labels": [[[1, 1, 0]]]}
    x, y, wide, high = BOX
    wanted = [by_hand(weights, **points), by_hand(weights, input_boxes=[[[x, y, x + wide, y + high]]])]
    found = [select_by_sam(PHOTO, weights, INSIDE, OUTSIDE), select_by_sam(PHOTO, weights, box=BOX)]
    for mask, hard in zip(found, wanted, strict=True):
        assert mask.dtype == np.uint8 and mask.shape == PHOTO.shape[:2] and 0.02 < hard.mean() < 0.98
        assert agreement(mask, hard) > 0.97
    assert np.array_equal(select_by_sam(PHOTO.astype(np.uint16) * 257, weights, INSIDE, OUTSIDE), found[0])


def test_the_command_writes_what_the_model_selects(weights, tmp_path, capsys):
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    main(["mask", str(tmp_path / "photo.png"), "--points", "40,30 44,32", "--outside", "5,50", "--sam", str(weights)])
    written = np.array(Image.open(tmp_path / "photo_mask.png"))
    assert np.array_equal(written // 257, select_by_sam(PHOTO, weights, INSIDE, OUTSIDE))
    with pytest.raises(SystemExit) as stop:
        main(["mask", str(tmp_path / "photo.png"), "--alpha", "--sam", str(weights), "--output", str(tmp_path / "b.png")])
    assert stop.value.code == 2 and "beside alpha; give it a box or points" in capsys.readouterr().err


def test_a_folder_that_holds_no_model_is_named(weights, tmp_path):
    with pytest.raises(InputError, match=r"empty: is no folder of a Segment Anything model"):
        select_by_sam(PHOTO, tmp_path / "empty", INSIDE)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="cannot be loaded as a Segment Anything model"):
        select_by_sam(PHOTO, tmp_path, INSIDE)


def test_without_the_extra_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "transformers", None)  # as if it were not installed
    with pytest.raises(InputError, match=r"pip install -e '\.\[sam\]'"):
        select_by_sam(PHOTO, tmp_path, INSIDE)


def test_points_and_boxes_beyond_the_photo_are_refused(tmp_path):
    with pytest.raises(InputError, match="beyond the photo"):
        select_by_sam(PHOTO, tmp_path, [(90, 3)])
    with pytest.raises(InputError, match="within 80 x 60"):
        select_by_sam(PHOTO, tmp_path, box=(0, 0, 90, 10))


def test_a_name_on_the_hub_is_fetched_as_safetensors_only_and_a_folder_never(monkeypatch, tmp_path):
    """What the library is asked for; without the library, which is large, and without a network."""
    asked = []

    class Stub:
        @classmethod
        def from_pretrained(cls, source, **options):
            asked.append((str(source), options))
            raise OSError("no network here")

    monkeypatch.setitem(sys.modules, "transformers", types.SimpleNamespace(SamModel=Stub, SamProcessor=Stub))
    with pytest.raises(InputError, match=r"facebook/sam-vit-base: cannot be loaded .*no network here.*check the name"):
        select_by_sam(PHOTO, "facebook/sam-vit-base", INSIDE)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="copy the whole folder"):
        select_by_sam(PHOTO, tmp_path, INSIDE)
    with pytest.raises(InputError, match="nor a name on the hub"):
        select_by_sam(PHOTO, "sam-vit-base", INSIDE)
    assert asked == [("facebook/sam-vit-base", {"use_safetensors": True}), (str(tmp_path), {"local_files_only": True})]
