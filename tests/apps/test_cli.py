"""The command line itself: where a mask may be given, what help says, and options that would go unheeded."""
import inspect
import re
from importlib.metadata import version

import pytest
from omegaconf import OmegaConf

from realistic_editing.apps import cli
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.script_help import script_help
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import CRITIC, SALIENCY
from realistic_editing.selection.suggest import SUGGESTS_BY


@pytest.fixture
def given(monkeypatch):
    """What the command hands to a job."""
    jobs = []
    monkeypatch.setattr(cli, "call", lambda job, options: jobs.append((job, options)))

    def parse(*arguments):
        cli.main(arguments)
        return jobs.pop()

    return parse


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", ["edit", "score", "mask"])
def test_a_mask_stands_before_or_behind_the_options(given, command):
    option = ["--output", "o.csv"]
    expected = given(command, "a.jpg", "flag.png", *option)
    assert expected[1]["mask"] == "flag.png" and expected[1]["image"] == "a.jpg"
    assert given(command, "a.jpg", *option, "flag.png") == given(command, *option, "a.jpg", "flag.png") == expected
    assert given(command, "a.jpg", *option)[1]["mask"] is None
    for named in (("--mask", "flag.png"), ("--mask=flag.png",)):  # as of a clip
        assert given(command, "a.jpg", *named, *option) == given(command, *named, "a.jpg", *option) == expected


@pytest.mark.parametrize("words", [
    ("edit", "a.jpg", "m.png", "--task", "amplify", "other.png"), ("edit", "a.jpg", "--task", "amplify", "m.png", "o.png"),
    ("score", "a.jpg", "--nonsense"), ("mask", "a.jpg", "--nonsense", "m.png"), ("plan", "a.jpg", "p.yaml", "m.png"),
    ("video", "clip.mp4", "--every", "3", "m.png"), ("train", "realism", "--nonsense"),
])  # fmt: skip
def test_what_is_one_too_many_is_refused_in_one_line_that_names_its_command(capsys, words):
    error = refused(capsys, *words)
    assert error.startswith("error: unknown: ")
    assert error.endswith(f"; realistic-editing {words[0]} --help tells how it is used\n")
    assert error.count("\n") == 1


def test_a_mask_that_is_named_twice_is_refused(capsys):
    for words in (
        ("a.jpg", "m.png", "--mask", "other.png"), ("--mask", "m.png", "a.jpg", "other.png"),
        ("a.jpg", "--mask", "m.png", "--mask", "other.png"), ("a.jpg", "--mask", "m.png", "other.png"),
    ):  # fmt: skip
        assert re.match(r"error: two masks, .*\.png and .*\.png; name one\n", refused(capsys, "edit", *words))
    assert "--mask: expected one argument" in refused(capsys, "edit", "a.jpg", "--mask")


def test_of_a_misspelt_option_the_right_one_is_named_and_of_no_command_all_are(capsys):
    assert refused(capsys, "edit", "a.jpg", "--stength", "0.5") == "error: unknown: --stength 0.5; did you mean --strength?\n"
    assert refused(capsys, "edti", "a.jpg") == "error: no command 'edti'; did you mean edit?\n"
    assert re.search("choose from '?edit'?, ", refused(capsys, "nothing"))
    assert "usage: realistic-editing [-h]" in refused(capsys) and "COMMAND" not in refused(capsys, "edit")


@pytest.mark.parametrize(("words", "old", "new"), [
    (("plan", "a.jpg", "p.yaml"), ["--anyway"], ["--allow-conflicts"]),
    (("video", "clip.mp4"), ["--afresh", "2"], ["--flicker-samples", "2"]),
])  # fmt: skip
def test_old_names_of_options_work_with_a_warning(given, capsys, words, old, new):
    expected = given(*words, *new)
    assert not capsys.readouterr().err
    assert given(*words, *old) == expected != given(*words)
    assert f"{old[0]} is called {new[0]} now" in capsys.readouterr().err


COMMANDS = ("edit", "batch", "plan", "video", "score", "recipe", "doctor", "mask", "export", "export-onnx", "study",
            "study-export", "demo", "page", "train", "suggest", "clean")  # fmt: skip


@pytest.mark.parametrize("words", [
    ("edit", "a.jpg", "m.png"), ("batch", "photos"), ("plan", "a.jpg", "p.yaml"), ("video", "clip.mp4"), ("clean", "a.jpg"),
    ("page",),
], ids=lambda words: words[0])  # fmt: skip
def test_without_a_word_the_judges_are_those_of_an_enhancer_in_python(given, words):
    options, own = given(*words)[1], inspect.signature(Enhancer.from_pretrained).parameters
    assert (options["critic"], options["saliency"]) == (own["critic"].default, own["saliency"].default) == (CRITIC, SALIENCY)


def test_without_a_word_the_network_that_suggests_is_that_of_python(given):
    assert given("suggest", "a.jpg")[1]["saliency"] == given("clean", "a.jpg")[1]["suggest_by"] == SUGGESTS_BY


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_defaults_only_where_there_are_some(capsys, command):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert not re.search(r"\(default: (None|False|==SUPPRESS==)\)", text)
    if command == "edit":
        assert "(default: attenuate)" in text and "(default: best_effect)" in text and "--points=-5,0" in text


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0 and capsys.readouterr().out == f"realistic-editing {version('realistic-editing')}\n"


@pytest.mark.parametrize("command", ["edit", "mask"])
@pytest.mark.parametrize("region", [[str(FOLDER / "flag.png")], ["--box", "10,10,90,90"]])
def test_points_outside_are_refused_where_no_points_are_inside(capsys, tmp_path, command, region):
    error = refused(capsys, command, str(FOLDER / "astronaut.jpg"), *region, "--outside", "5,5",
                    "--output", str(tmp_path / "o.png"))  # fmt: skip
    assert "outside is '5,5', which only points have use for" in error and not list(tmp_path.iterdir())


def test_a_result_that_cannot_be_written_is_refused_before_it_is_made(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("realistic_editing.apps.edit.enhancer_of", lambda *given: pytest.fail("an edit was proposed"))
    files = [str(FOLDER / "astronaut.jpg"), str(FOLDER / "flag.png")]
    assert "cannot write the format .gif" in refused(capsys, "edit", *files, "--output", str(tmp_path / "new/o.gif"))
    assert not (tmp_path / "new").exists()


def test_an_empty_row_of_a_table_is_named_by_its_line(capsys, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("photo,mask\n,m.png\na.jpg\n,\n")
    error = refused(capsys, "batch", str(table), "--output", str(tmp_path / "out"))
    for words in ("line 2: photo is empty", "line 3: mask is empty", "line 4: photo and mask are empty"):
        assert f"{table}, {words}" in error


@pytest.mark.parametrize("network", ["saliency", "realism", "enhancer", "gazeshift", "selector"])
def test_help_of_a_training_says_what_people_set(capsys, network):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", network, "--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0 and text == script_help(f"train_{network}") + "\n"
    assert text.startswith(f"# python scripts/train_{network}.py") and "defaults:" not in text and "hydra" not in text
    assert all(words in text for words in ("\ninitial: null ", "trainer.smoke ", "paths.data ", "--cfg job shows"))
    assert max(map(len, text.splitlines())) <= 150 and len(text.splitlines()) < 60


def test_help_of_an_enhancers_training_names_its_groups(capsys):
    text = script_help("train_enhancer")
    wanted = {"task": "amplify, attenuate", "preset": "compact (default), lite, paper", "enhancer@model": "compact (default)"}
    for group, choices in wanted.items():
        assert re.search(rf"^{group} +# {re.escape(choices)}", text, re.MULTILINE)
    assert re.search(r"^ablation .*no_realism", text, re.MULTILINE) and "experiment " in text and "objective " in text
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    assert "{saliency,realism,enhancer,gazeshift,selector}" in capsys.readouterr().out


def test_the_whole_configuration_of_a_training_is_shown_and_nothing_run(capsys):
    cli.main(["train", "enhancer", "task=amplify", "trainer.steps=7", "--cfg", "job"])
    shown = OmegaConf.create(capsys.readouterr().out)
    assert shown.task.name == "amplify" and shown.trainer.steps == 7
    cli.main(["train", "enhancer", "--cfg", "job"])  # asks for no task first
    assert OmegaConf.create(capsys.readouterr().out).trainer.steps
