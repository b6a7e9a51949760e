"""scripts/enhance.py and the command on real files: results, metadata, and every bad input by name with exit code 2."""
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
import torch
from PIL import Image, ImageCms, ImageOps

from realistic_editing import Enhancer, Recipe
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.judged import unmet_targets
from realistic_editing.common.errors import InputError
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.options import EditOptions
from realistic_editing.weights import save_network

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def files(tmp_path):
    """A small photo and its mask, cut from the bundled ones."""
    photo = Image.open(FOLDER / "astronaut.jpg").resize((160, 160))
    photo.save(tmp_path / "photo.png")
    Image.open(FOLDER / "flag.png").resize((160, 160)).save(tmp_path / "mask.png")
    return tmp_path


@pytest.fixture
def small(tiny_weights):
    """Options for small networks, where what is edited does not matter."""
    roles = {"weights": "attenuate", "critic": "critic", "saliency": "saliency"}
    return [word for option, role in roles.items() for word in (f"--{option}", tiny_weights[role])]


def edit(folder, *options, image="photo.png", mask="mask.png", output="result.png"):
    main(["edit", str(folder / image), str(folder / mask), "--output", str(folder / output), "--order", "3,1,0,2", *options])


def refused(capsys, folder, *options, **files):
    """Run a bad call: exit code 2, one line of error, nothing written. Returns the message."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(SystemExit) as stop:
        edit(folder, *options, **files)
    assert stop.value.code == 2
    assert sorted(folder.rglob("*")) == before
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("error: ")
    return message


def test_result_and_recipe_are_written_and_described(files, capsys, bundled_networks):
    edit(files)
    before, after = (np.array(Image.open(files / name)) for name in ("photo.png", "result.png"))
    outside = np.array(Image.open(files / "mask.png")) == 0
    assert before.shape == after.shape and (before[outside] == after[outside]).all() and (before != after).any()
    recipe = Recipe.load(files / "result.json")
    assert recipe.order.tolist() == [[3, 1, 0, 2]]
    text = capsys.readouterr().out
    for word in ("attenuate", "realism", "saliency", "stops", "%", "result.png", "result.json"):
        assert word in text


@pytest.mark.parametrize(("watched", "steps"), [(True, 1), (False, 1), (False, 37)])
def test_who_waits_at_a_terminal_sees_a_bar_and_a_log_file_holds_none(files, small, capsys, monkeypatch, watched, steps):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)
    edit(files, *small, "--refine", str(steps))
    assert ("optimise:" in capsys.readouterr().err) == watched


@pytest.mark.parametrize("words", [[], ["--keep-mask"]])
def test_a_hard_mask_is_softened_alike_by_every_command_or_kept(files, small, words):
    hard = np.array(Image.open(files / "mask.png").convert("L")) >= 128
    Image.fromarray(hard).save(files / "mask.png")
    edit(files, *small, "--strength", "1.5", *words)
    photo, recipe = [str(files / name) for name in ("photo.png", "mask.png")], str(files / "result.json")
    main(["recipe", recipe, "--apply", *photo, "--output", str(files / "again.png"), *words])
    main(["export", recipe, *photo, "--formats", "cube", "--output", str(files / "table"), *words])
    table = files / "batch.csv"
    table.write_text("photo,mask\nphoto.png,mask.png\n")
    order = ["--order", "3,1,0,2", "--strength", "1.5", *small, *words]
    main(["batch", str(table), "--output", str(files / "batch"), *order])
    names = "photo.png", "result.png", "again.png", "batch/photo.png"
    before, *after = (np.array(Image.open(files / name)) for name in names)
    assert (before != after[0]).any() and all(np.array_equal(after[0], one) for one in after[1:])
    exported = np.array(Image.open(files / "table/result_mask.png"))
    assert bool(words) == (len(np.unique(exported)) == 2) == np.array_equal(before[~hard], after[0][~hard])


@pytest.mark.parametrize("order", ["best_realism", "best_saliency", "random"])
@pytest.mark.parametrize("task", ["attenuate", "amplify"])
def test_every_rule_and_task(files, order, task):
    edit(files, "--order", order, "--task", task)
    assert (files / "result.png").exists()


def test_strength_scales_the_edit(files):
    amounts = []
    for strength in ("0", "0.5", "1", "1.5"):
        edit(files, "--strength", strength)
        before, after = (np.array(Image.open(files / name)).astype(int) for name in ("photo.png", "result.png"))
        amounts.append(np.abs(before - after).mean())
    assert amounts[0] == 0 and amounts == sorted(amounts) and amounts[3] > amounts[1]


def test_a_target_that_no_strength_reaches_is_said_to_be_unmet(files, capsys, bundled_networks):
    edit(files, "--saliency-change", "-0.95")
    assert "no strength up to 1.5 reaches saliency -95 %" in capsys.readouterr().err
    edit(files, "--saliency-change", "-0.02")
    assert "no strength" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("task", "wish", "change", "said"),
    [
        ("attenuate", -0.3, -0.296, False), ("attenuate", -0.3, -0.2, True), ("attenuate", -0.3, 0.5, True),
        ("amplify", 0.3, 0.6, False), ("amplify", 0.3, 0.2, True), ("amplify", 0.3, -0.5, True),
    ],
)  # fmt: skip
def test_attention_moved_the_wrong_way_reaches_no_target(task, wish, change, said):
    edit = Edit(Recipe.identity(torch.arange(4)[None]), task, 0.0, change)
    assert bool(unmet_targets(edit, EditOptions(saliency_change=wish))) == said


def test_an_earlier_methods_result_stands_apart_from_ours(files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    main(["edit", "photo.png", "mask.png", "--order", "3,1,0,2"])
    kept, theirs = files / "outputs/photo_attenuate.png", files / "outputs/photo_attenuate_ohr.png"
    ours = kept.read_bytes()
    main(["edit", "photo.png", "mask.png", "--method", "ohr"])
    assert theirs.read_bytes() != ours == kept.read_bytes()
    assert sorted(path.name for path in (files / "outputs").glob("*.json")) == ["photo_attenuate.json"]
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["edit", "photo.png", "mask.png", "--method", "ohr", "--output", "outputs/photo_attenuate.png"])
    assert stop.value.code == 2 and "photo_attenuate.json: would be taken for the recipe" in capsys.readouterr().err
    assert kept.read_bytes() == ours


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--strength", "0.5"), "strength is 0.5"),
        (("--refine", "5"), "refine is 5"),
        (("--no-guard",), "guard is None"),
        (("--weights", "attenuate"), "weights is 'attenuate'"),
    ],
)
def test_what_an_earlier_method_does_not_know_is_refused(files, capsys, options, words):
    message = refused(capsys, files, "--method", "ohr", "--order", "best_effect", *options)  # the default
    assert words in message and "which method=ohr does not know" in message


def test_a_16_bit_tiff_keeps_depth_profile_and_outside(files, small):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 65536, (120, 160, 3), dtype=np.uint16)
    image = pyvips.Image.new_from_memory(pixels.tobytes(), 160, 120, 3, "ushort").copy(interpretation="rgb16")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    image.write_to_file(str(files / "deep.tif"))
    Image.fromarray(np.pad(np.full((40, 60), 255, np.uint8), ((40, 40), (50, 50)))).save(files / "mask.png")
    edit(files, *small, image="deep.tif", output="result.tif")
    result = pyvips.Image.new_from_file(str(files / "result.tif"))
    found = result.numpy()
    assert found.dtype == np.uint16 and found.shape == pixels.shape
    # A mask whose border lies on nothing fades out: over a few pixels beside it.
    assert (found[:28] == pixels[:28]).all() and (found[40:80, 50:110] != pixels[40:80, 50:110]).any()
    edit(files, *small, "--keep-mask", image="deep.tif", output="kept.tif")
    found = pyvips.Image.new_from_file(str(files / "kept.tif")).numpy()
    assert (found[:40] == pixels[:40]).all() and (found[40:80, 50:110] != pixels[40:80, 50:110]).any()
    assert result.get("icc-profile-data") == profile


def test_a_phone_photo_with_exif_rotation(files, small):
    """Stored lying, shown upright: the mask is drawn on what is shown, and the result is shown the same way."""
    upright = Image.open(files / "photo.png").crop((0, 0, 120, 160))
    exif = upright.getexif()
    exif[0x0112], exif[0x0110] = 6, "Phone"
    upright.rotate(90, expand=True).save(files / "phone.jpg", exif=exif, quality=95)
    shown = np.array(ImageOps.exif_transpose(Image.open(files / "phone.jpg"))).astype(int)
    mask = np.zeros((160, 120), np.uint8)
    mask[100:, :40] = 255
    Image.fromarray(mask).save(files / "mask.png")
    edit(files, *small, "--keep-mask", image="phone.jpg")
    result = Image.open(files / "result.png")
    assert result.size == (120, 160) and result.getexif().get(0x0112, 1) == 1 and result.getexif()[0x0110] == "Phone"
    difference = np.abs(np.array(result).astype(int) - shown).max(axis=2)
    # Decoders of JPEG differ by a level here and there; the edit does not.
    assert difference[mask == 0].mean() < 0.1 and difference[mask > 0].mean() > 1


def test_alpha_is_kept(files, small):
    photo = Image.open(files / "photo.png").convert("RGBA")
    photo.putalpha(Image.fromarray(np.arange(160 * 160, dtype=np.uint32).reshape(160, 160).astype(np.uint8)))
    photo.save(files / "alpha.png")
    edit(files, *small, image="alpha.png")
    assert (np.array(Image.open(files / "result.png"))[..., 3] == np.array(photo)[..., 3]).all()


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_photos_are_edited_with_a_note(files, small, capsys, mode):
    Image.open(files / "photo.png").convert("RGB").convert(mode).save(files / "photo.jpg", quality=95)
    edit(files, *small, image="photo.jpg")
    assert "note: " in capsys.readouterr().err
    assert np.array(Image.open(files / "result.png")).shape == (160, 160, 3)


@pytest.mark.parametrize("size", [(80, 80), (320, 320)])
def test_a_mask_of_another_size_is_resized_with_a_note(files, small, capsys, size):
    Image.open(files / "mask.png").resize(size).save(files / "mask.png")
    edit(files, *small)
    assert "note: " in capsys.readouterr().err and (files / "result.png").exists()


@pytest.mark.parametrize("size", [(1, 1), (20000, 20)])
def test_tiny_and_endless_photos(files, small, size):
    Image.new("RGB", size, (200, 40, 40)).save(files / "odd.png")
    Image.new("L", size, 255).save(files / "mask.png")
    edit(files, *small, image="odd.png")
    assert Image.open(files / "result.png").size == size


def test_missing_photo_and_mask(files, capsys):
    assert "absent.png" in refused(capsys, files, image="absent.png")
    assert "absent.png" in refused(capsys, files, mask="absent.png")


def test_truncated_photo(files, capsys):
    Image.open(files / "photo.png").convert("RGB").save(files / "cut.jpg", quality=95)
    content = (files / "cut.jpg").read_bytes()
    (files / "cut.jpg").write_bytes(content[: len(content) // 2])
    assert "cut.jpg" in refused(capsys, files, image="cut.jpg")


def test_text_file_named_jpg(files, capsys):
    (files / "text.jpg").write_text("not a photo")
    assert "text.jpg" in refused(capsys, files, image="text.jpg")


def test_empty_mask(files, capsys):
    Image.new("L", (160, 160)).save(files / "mask.png")
    assert "mask.png" in refused(capsys, files)


def test_mask_of_another_aspect(files, capsys):
    Image.new("L", (160, 80), 255).save(files / "mask.png")
    message = refused(capsys, files)
    assert "mask.png" in message and "160" in message and "80" in message


def test_output_that_cannot_be_written(files, capsys):
    (files / "file").write_text("in the way")
    assert "another output folder" in refused(capsys, files, output="file/result.png")


def test_a_folder_in_the_place_of_the_result_or_its_recipe(files, capsys):
    for name in ("result.png", "result.json"):
        (files / name).mkdir()
        assert "folder" in refused(capsys, files)
        (files / name).rmdir()


def test_a_device_that_is_not_there(files, capsys):
    assert "'gpu'" in refused(capsys, files, "--device", "gpu")


def test_output_over_the_photo_or_its_mask(files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    assert "overwrite" in refused(capsys, files, output="photo.png")
    assert "overwrite" in refused(capsys, files, output=f"../{files.name}/mask.png")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--task", "erase"), ("erase", "attenuate", "amplify")),
        (("--order", "best"), ("best", "best_realism", "3,1,0,2")),
        (("--order", "0,1,2"), ("0,1,2",)),
        (("--strength", "2"), ("strength", "2", "1.5")),
        (("--strength", "much"), ("strength", "much")),
        (("--strength", "nan"), ("strength", "nan")),
        (("--strength", "0.5", "--min-realism-change", "-0.1"), ("strength", "budget")),
        (("--min-realism-change", "0.2"), ("min_realism_change", "-0.1")),
        (("--saliency-change", "0.2"), ("saliency_change", "below 0")),
        (("--refine", "-1"), ("refine",)),
    ],
)
def test_unknown_task_order_and_strength(files, capsys, options, words):
    message = refused(capsys, files, *options)
    assert all(word in message for word in words)


def test_checkpoint_of_another_network(files, capsys):
    message = refused(capsys, files, "--weights", "compact_saliency")
    assert "compact_saliency" in message and "enhancer" in message
    assert "critic" in refused(capsys, files, "--saliency", "critic")
    assert "trained to amplify" in refused(capsys, files, "--weights", "amplify")


def test_truncated_checkpoint(files, capsys):
    save_network(torch.nn.Linear(2, 2), "editnet", files / "whole.safetensors", {}, {})
    content = (files / "whole.safetensors").read_bytes()
    (files / "cut.safetensors").write_bytes(content[:-5])
    assert "cut.safetensors" in refused(capsys, files, "--weights", str(files / "cut.safetensors"))
    (files / "whole.safetensors").unlink()
    assert "whole.safetensors" in refused(capsys, files, "--weights", str(files / "whole.safetensors"))


def test_nan_in_a_float_array():
    enhancer = Enhancer.from_pretrained("attenuate")
    photo, mask = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32), np.ones((32, 32), bool)
    edit = enhancer.propose(photo, mask, order=(3, 1, 0, 2))
    photo[3, 4, 1] = np.nan
    for call in (lambda: enhancer.propose(photo, mask), lambda: edit.apply(photo, mask)):
        with pytest.raises(InputError, match="photo.*nan"):
            call()


def test_the_script_takes_names_with_spaces_commas_and_equal_signs(files, run_script, monkeypatch):
    shutil.copy(files / "photo.png", files / "my photo, 1=a.png")
    options = [f"image={files / 'my photo, 1=a.png'}", f"mask={files / 'mask.png'}", "task=amplify", "order=3,1,0,2"]
    monkeypatch.delenv("REALISTIC_EDITING_DATA", raising=False)
    run = [ROOT / "scripts/enhance.py", *options, "strength=0.8"]
    done = run_script(*run, cwd=files)
    assert done.returncode == 0, done.stderr
    assert json.loads((files / "outputs/my photo, 1=a_amplify.json").read_text())["edits"][0]["order"][0] == "exposure"
    run[-1] = "task=erase"
    done = run_script(*run, cwd=files)
    assert done.returncode == 2 and done.stderr.strip().splitlines()[-1].startswith("error: task is 'erase'")
    run[-1] = "ordre=random"
    done = run_script(*run, cwd=files)
    assert done.returncode == 2 and "ordre" in done.stderr and "Traceback" not in done.stderr
