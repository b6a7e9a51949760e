"""realistic-editing video as its users call it."""
import json
import os

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.apps import video as module
from realistic_editing.apps.cli import main
from realistic_editing.data.clips import open_clip, writing
from realistic_editing.data.images import Photo
from realistic_editing.enhance.region_view import RegionView
from realistic_editing.enhance.verdict import VERDICTS
from realistic_editing.enhance.view import PhotoView
from realistic_editing.ops import Recipe

SIZE, COUNT = (96, 128), 14


@pytest.fixture
def clip(tmp_path, video_clips):
    """A lossless clip, clip.mkv, the mask of its first frame, and masks/ with one for each frame."""
    pairs = list(video_clips.panned(video_clips.texture(SIZE, 0), video_clips.ellipse(SIZE), COUNT))
    write(tmp_path / "clip.mkv", [frame for frame, _ in pairs])
    (tmp_path / "masks").mkdir()
    for number, (_, mask) in enumerate(pairs):
        cv2.imwrite(str(tmp_path / f"masks/{number}.png"), mask)
    cv2.imwrite(str(tmp_path / "mask.png"), pairs[0][1])
    return tmp_path


def write(path, frames):
    with writing(path, frames[0].shape[:2], 25) as add:
        for frame in frames:
            add(Photo(frame, None, {"xres": 1.0, "yres": 1.0}, None), frame)
    return path


@pytest.fixture
def run(tiny_weights, clip, capsys):
    def call(*options, mask="mask.png", source="clip.mkv", task="attenuate"):
        judges = ["--critic", tiny_weights["critic"], "--saliency", tiny_weights["saliency"]]
        words = ["video", str(clip / source), "--task", task, "--weights", tiny_weights[task], "--no-guard", "--every", "4"]
        words += ["--mask", str(clip / mask)] if mask else []
        main([*words, *judges, *(["--flicker-samples", "0"] if "--flicker-samples" not in options else []), *options])
        return capsys.readouterr()

    return call


def pixels(path):
    return [photo.pixels.astype(int) for photo in open_clip(path).read()]


def refused(run, capsys, *options, **names):
    with pytest.raises(SystemExit) as stop:
        run(*options, **names)
    assert stop.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("mask", ["mask.png", "masks"])
@pytest.mark.parametrize("parameters", ["first", "smoothed"])
def test_the_region_is_edited_and_nothing_else(run, clip, mask, parameters):
    output = clip / "out/clip.mkv"
    said = json.loads(run("--out", str(output), "--json", "--parameters", parameters, mask=mask).out)
    before, after = pixels(clip / "clip.mkv"), pixels(output)
    truth = [cv2.imread(str(clip / f"masks/{number}.png"), 0) for number in range(COUNT)]
    assert len(after) == COUNT and said["frames"] == COUNT and open_clip(output).rate == 25
    for old, new, inside in zip(before, after, truth, strict=True):
        outside = cv2.dilate(inside, np.ones((9, 9), np.uint8)) == 0
        assert (old[outside] == new[outside]).all() and (new[inside > 250] - old[inside > 250]).mean() < -2
    recipe = Recipe.load(output.with_suffix(".json"))
    assert len(recipe) == len(said["predicted_at"]) == (1 if parameters == "first" else 4)
    assert (recipe.order == recipe.order[0]).all() and said["order"] == recipe.order[0].tolist()
    assert said["flicker"]["triples"] == COUNT - 2 and said["lost_at"] is None
    assert said["verdict"] in VERDICTS and sum(said["verdicts"].values()) == said["measured_frames"]
    assert isinstance(said["problems"], list)
    assert sorted(path.name for path in output.parent.iterdir()) == ["clip.json", "clip.mkv"]


def test_one_edit_is_that_of_the_photo_tool(run, clip, tiny_weights):
    frame = pixels(clip / "clip.mkv")[0].astype(np.uint8)
    cv2.imwrite(str(clip / "frame.png"), np.ascontiguousarray(frame[..., ::-1]))
    judges = [f"--{name}={tiny_weights[name]}" for name in ("critic", "saliency")]
    words = ["edit", str(clip / "frame.png"), str(clip / "mask.png"), "--strength", "0.8", "--output", str(clip / "e.png")]
    main([*words, "--weights", tiny_weights["attenuate"], "--keep-mask", *judges])  # frames are edited by masks as they are
    run("--parameters", "first", "--strength", "0.8", "--out", str(clip / "o.mkv"))
    assert np.abs(pixels(clip / "o.mkv")[0] - cv2.imread(str(clip / "e.png"))[..., ::-1]).max() <= 1
    assert torch.equal(Recipe.load(clip / "o.json").exposure, Recipe.load(clip / "e.json").exposure)


def test_what_the_region_is_is_seen_once(run, clip, monkeypatch):
    seen, asked = [], []
    monkeypatch.setattr(RegionView, "shows_person", lambda view: seen.append(len(seen) % 2 == 0) or seen[-1])
    monkeypatch.setattr(RegionView, "any_color", lambda view, _: len(seen) / 100)
    propose = PhotoView.propose
    monkeypatch.setattr(PhotoView, "propose", lambda self, options: (
        asked.append((self.human, self.any_color)) or propose(self, options)))  # fmt: skip
    said = json.loads(run("--out", str(clip / "o.mkv"), "--json", "--flicker-samples", "1").out)
    assert len(said["predicted_at"]) == 4 and len(asked) > 4 and set(asked) == {(True, 0.01)}
    asked.clear()
    run("--out", str(clip / "p.mkv"), "--no-human", "--parameters", "first")
    assert [human for human, _ in asked] == [False]


def test_it_flickers_less_than_edits_frame_by_frame(clip, capsys, bundled_networks):
    words = ["video", str(clip / "clip.mkv"), "--mask", str(clip / "mask.png"), "--out", str(clip / "o.mkv"), "--json"]
    options = ["--order", "3,1,0,2", "--flicker-samples", "1", "--every", "6", "--no-guard", "--task", "amplify"]
    main([*words, *options])
    beside = json.loads(capsys.readouterr().out)["flicker_beside"]
    assert beside["chosen"]["triples"] == beside["frame_by_frame"]["triples"] == 1
    assert 0 < beside["chosen"]["region"] < beside["frame_by_frame"]["region"]


def test_sheet_masks_and_folders(run, clip):
    places = ("--out", str(clip / "p"), "--sheet", str(clip / "sheet.png"), "--masks-out", str(clip / "found"))
    text = run(*places, "--flicker-samples", "1").out
    assert len(list((clip / "p").glob("*.png"))) == COUNT
    assert "predicted anew for each frame" in text and "1. " in text and f"result: {clip / 'p'}" in text
    sheet = cv2.imread(str(clip / "sheet.png"))
    assert sheet.shape[0] == 6 * (240 + 28) and sheet.shape[1] == 3 * 328
    again = run("--out", str(clip / "q"), mask="found")  # the masks that were found are masks to give
    notes = [line for line in again.err.splitlines() if "note: " in line]
    assert all("attention" in note for note in notes)  # of what the edit does, none of the masks
    assert all((a == b).all() for a, b in zip(pixels(clip / "p"), pixels(clip / "q"), strict=True))


def test_frames_and_mask_clips_without_a_mask_file(run, clip, video_clips):
    write(clip / "frames", [frame.astype(np.uint8) for frame in pixels(clip / "clip.mkv")])
    masks = [cv2.imread(str(clip / f"masks/{number}.png")) for number in range(COUNT)]
    masks[5] = np.zeros_like(masks[5])  # the region is away for a frame
    write(clip / "masks.mp4", masks)
    run("--out", str(clip / "o"), source="frames", mask="masks.mp4")
    before, after = pixels(clip / "frames"), pixels(clip / "o")
    assert (before[5] == after[5]).all() and (before[4] != after[4]).any()
    assert all((old[:8] == new[:8]).all() for old, new in zip(before, after, strict=True))  # compression left no grey there


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_masks_may_fade_to_a_last_trace(run, clip, kind):
    for number, factor in ((9, 0.5), (10, 1 / 255), (11, 1 / 200), (12, 0), (13, 1 / 65535)):
        mask = cv2.imread(str(clip / f"masks/{number}.png"), 0) * (factor if kind == np.uint8 else 257 * factor)
        cv2.imwrite(str(clip / f"masks/{number}.png"), np.rint(mask).astype(kind))
    run("--out", str(clip / "o"), "--parameters", "first", mask="masks")
    changes = [np.abs(old - new).max() for old, new in zip(pixels(clip / "clip.mkv"), pixels(clip / "o"), strict=True)]
    assert changes[9] > 0 and changes[10:] == [0] * 4


def test_masks_that_hold_only_0_and_1_are_refused(run, clip, capsys):
    for number in range(COUNT):
        cv2.imwrite(str(clip / f"masks/{number}.png"), cv2.imread(str(clip / f"masks/{number}.png"), 0) // 255)
    assert "only 0 and 1, nearly black" in refused(run, capsys, "--out", str(clip / "o"), mask="masks")


def test_a_box_in_the_masks_place(run, clip, video_clips):
    mask = video_clips.ellipse(SIZE)
    bright = np.clip(video_clips.texture(SIZE, 0) // 4 + np.uint8([190, 60, 10]), 0, 255)
    write(clip / "thing.mkv", [frame for frame, _ in video_clips.moved(bright, mask, video_clips.texture(SIZE, 1) // 4, 4)])
    columns, rows = np.nonzero(mask.any(axis=0))[0], np.nonzero(mask.any(axis=1))[0]
    box = (columns[0] - 3, rows[0] - 3, np.ptp(columns) + 7, np.ptp(rows) + 7)
    places = ("--out", str(clip / "o"), "--masks-out", str(clip / "m"))
    run(*places, "--box", ",".join(map(str, box)), mask=None, source="thing.mkv")
    assert video_clips.overlap(cv2.imread(str(clip / "m/000001.png"), 0), mask) > 0.9
    assert all((a != b).any() for a, b in zip(pixels(clip / "thing.mkv"), pixels(clip / "o"), strict=True))


def test_a_click_on_nothing_is_in_doubt_for_all_of_the_clip(run, clip):
    noise = np.random.default_rng(0).integers(0, 255, (*SIZE, 3)).astype(np.float32)
    plaster = cv2.GaussianBlur(noise, (0, 0), 1) // 2 + 60
    write(clip / "wall.mkv", [plaster.astype(np.uint8)] * 3)
    said = run("--out", str(clip / "o"), "--points", "60,50", "--json", mask=None, source="wall.mkv")
    report = json.loads(said.out)
    assert "note: " in said.err and report["verdict"] == "cannot judge"
    assert "the selection is in doubt; look at the mask" in report["reasons"]


def test_a_lost_region_ends_it_or_fades(run, clip, video_clips, capsys):
    frames = [frame.astype(np.uint8) for frame in pixels(clip / "clip.mkv")]
    write(clip / "cut.mkv", frames + [video_clips.texture(SIZE, 9)] * 5)
    said = refused(run, capsys, "--out", str(clip / "o.mkv"), source="cut.mkv")
    assert f"frame {COUNT + 1}: the region is lost" in said and "--when-lost stop" in said and not (clip / "o.mkv").exists()
    said = run("--out", str(clip / "o.mkv"), "--when-lost", "stop", "--json", "--parameters", "first", source="cut.mkv")
    assert json.loads(said.out)["lost_at"] == COUNT + 1 and "fades out" in said.err
    changes = [np.abs(a - b).mean() for a, b in zip(pixels(clip / "cut.mkv"), pixels(clip / "o.mkv"), strict=True)]
    assert "--when-lost stop --masks-out" in refused(run, capsys, "--out", str(clip / "p.mkv"), source="cut.mkv")
    assert changes[COUNT:] == [0] * 5 and 0 < changes[COUNT - 2] < changes[COUNT - 6] < changes[1]


def test_the_masks_of_a_lost_region_are_masks_to_give(run, clip, video_clips):
    frames = [frame.astype(np.uint8) for frame in pixels(clip / "clip.mkv")]
    write(clip / "cut.mkv", frames + [video_clips.texture(SIZE, 9)] * 3)
    run("--out", str(clip / "o.mkv"), "--when-lost", "stop", "--masks-out", str(clip / "found"), source="cut.mkv")
    found = [cv2.imread(str(path), 0).max() for path in sorted((clip / "found").iterdir())]
    assert found == [255] * COUNT + [0] * 3
    run("--out", str(clip / "p.mkv"), source="cut.mkv", mask="found")
    assert len(pixels(clip / "p.mkv")) == COUNT + 3


def test_an_interrupt_leaves_nothing(run, clip, monkeypatch, capsys):
    before = sorted(clip.iterdir())
    places = (module, "apply_to_photo", ()), (PhotoView, "propose", ("--masks-out", str(clip / "found")))
    for where, place, options in places:
        with monkeypatch.context() as patch:
            patch.setattr(where, place, lambda *given, **options: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(SystemExit) as stop:
                run("--out", str(clip / "o.mkv"), *options)
        assert stop.value.code == 130 and sorted(clip.iterdir()) == before


def test_sound_is_said_to_be_lost(run, clip, monkeypatch):
    monkeypatch.setenv("PATH", "")
    said = run("--out", str(clip / "o.mkv"), "--parameters", "first")
    assert "ffmpeg is not installed, so sound is lost" in said.err and os.path.isfile(clip / "o.mkv")


def test_sound_is_not_promised(run, clip, monkeypatch):
    monkeypatch.setattr(module, "add_sound", lambda *given: None)  # as of ffmpeg, also for a clip without sound
    said = run("--out", str(clip / "o.mkv"), "--parameters", "first", "--json")
    assert json.loads(said.out)["sound"] == "copied, if the clip has any" and "sound is" not in said.err
    said = run("--out", str(clip / "o"), "--parameters", "first", "--json")
    assert json.loads(said.out)["sound"] == "none: frames only" and "sound is" not in said.err


@pytest.mark.parametrize(
    ("options", "names", "words"),
    [
        (["--task", "louder"], {}, "task is 'louder'"),
        (["--parameters", "last"], {}, "--parameters is 'last'; use first or smoothed"),
        (["--when-lost", "cry"], {}, "--when-lost is 'cry'"),
        (["--every", "0"], {}, "--every is 0"),
        (["--strength", "3"], {}, "strength is 3"),
        (["--sheet", "s.jpg"], {}, "ends in .png"),
        (["--masks-out", "masks.zip"], {}, "--masks-out is 'masks.zip'; name a new folder"),
        (["--out", "o.gif"], {}, "cannot write .gif"),
        ([], {"source": "none.mp4"}, "none.mp4: cannot be read"),
        ([], {"mask": "none.png"}, "none.png: cannot be read"),
        ([], {"mask": None}, "no region is named"),
        ([], {"mask": "few"}, "holds 1 masks, and"),
        ([], {"mask": "black.png"}, "nothing is selected"),
    ],
)
def test_what_is_wrong_is_named(run, clip, capsys, options, names, words):
    (clip / "few").mkdir()
    cv2.imwrite(str(clip / "few/1.png"), np.full(SIZE, 255, np.uint8))
    cv2.imwrite(str(clip / "black.png"), np.zeros(SIZE, np.uint8))
    given = options if "--out" in options else ["--out", str(clip / "o.mkv"), *options]
    assert words in refused(run, capsys, *given, **names) and not (clip / "o.mkv").exists()


def test_the_input_is_never_overwritten(run, clip, capsys):
    assert "would overwrite" in refused(run, capsys, "--out", str(clip / "clip.mkv"))
    assert "not an empty folder" in refused(run, capsys, "--out", str(clip / "masks"), mask="masks")


@pytest.mark.parametrize(
    ("out", "option", "place"), [("o", "--masks-out", "o/m"), ("m/o.mkv", "--masks-out", "m"), ("o", "--sheet", "o/s.png")]
)
def test_no_output_lies_inside_another(run, clip, capsys, monkeypatch, out, option, place):
    monkeypatch.setattr(module, "_run_first_pass", lambda *given: pytest.fail("work was done before it was refused"))
    said = refused(run, capsys, "--out", str(clip / out), option, str(clip / place))
    assert "lies inside another output" in said and not (clip / "o").exists() and not (clip / "m").exists()
