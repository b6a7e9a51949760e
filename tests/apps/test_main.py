"""What all commands have in common: how they end."""
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from realistic_editing.apps import option_ranges
from realistic_editing.apps.cli import _parser
from realistic_editing.apps.compose import composed
from realistic_editing.apps.config import FIGURES_TEXT, quoted
from realistic_editing.apps.evaluate import suite_of
from realistic_editing.apps.evaluations import BY_OPTION, SUITES
from realistic_editing.apps.given_files import FILES_READ, check_given_files
from realistic_editing.apps.main import call
from realistic_editing.common.errors import InputError
from realistic_editing.common.trainer_ranges import TRAINER_RANGES
from realistic_editing.evaluation.measures.photo_changes import WINDOW
from realistic_editing.ops import ALL_ORDERS
from realistic_editing.training import Trainer


@pytest.mark.parametrize(("job", "module", "words"), [
    ("evaluate", "evaluate", "the same command goes on where it stopped"),
    ("train_gazeshift", "train", "the same command goes on where it stopped"),
    ("enhance", "edit", "stopped\n"),
])  # fmt: skip
def test_an_interrupt_ends_a_command_in_one_line(monkeypatch, capsys, job, module, words):
    def interrupted(config):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"realistic_editing.apps.{module}.{job}", interrupted)
    with pytest.raises(SystemExit) as left:
        call(job, {"suite": "critic", "task": "attenuate"})
    assert left.value.code == 130 and words in capsys.readouterr().err


@pytest.mark.parametrize("words", [
    ["--task", "atenuate"], ["--strength", "2.0"], ["--task", "amplify", "--refine", "-1"], ["--order", "1,2"],
    ["--box", "1,1,4,4"],
])  # fmt: skip
def test_a_value_that_no_edit_can_have_is_refused_before_pytorch_is_imported(tmp_path, words):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    code = (
        "import sys; sys.argv[1:1] = ['edit', 'a.png', 'a.png']\nfrom realistic_editing.apps.cli import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n    print(left.code, 'torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout == "2 False\n" and words[-2].strip("-") in found.stderr


def test_paths_with_commas_reach_hydra_whole():
    given = ["figure=6", "+results.mec=my, results", "photos=a,b", "seed=3", "task=attenuate"]
    expected = ["figure=6", "+results.mec='my, results'", "photos='a,b'", "seed=3", "task=attenuate"]
    assert quoted(given, FIGURES_TEXT) == expected


@pytest.mark.parametrize(("option", "remedy"), [
    ("trainer.learnin_rate=1e-3", "did you mean trainer.learning_rate?"),
    ("trainer.zzz=3", "--help shows all that there are"),  # like none, though the group is
    ("nothing=1", "--help shows all that there are"),
])  # fmt: skip
def test_an_option_that_is_not_there_is_named_without_hydras_advice_to_add_it(option, remedy):
    script = Path(__file__).parents[2] / "scripts/train_realism.py"
    done = subprocess.run([sys.executable, str(script), option], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert f"{option.partition('=')[0]}: there is no such option; {remedy}" in done.stderr and "append" not in done.stderr


@pytest.mark.parametrize(("script", "options", "words"), [
    ("train_realism", ["task=attenuate"], "task: this script has no such group; --help shows"),
    ("train_enhancer", ["task=atenuate"], "task=atenuate: there is no such choice; did you mean attenuate?"),
    ("train_enhancer", ["task=red"], "task=red: there is no such choice; use one of amplify, attenuate"),
    ("train_enhancer", [], "task is not given; add one of task=amplify, task=attenuate"),
])  # fmt: skip
def test_what_hydra_says_of_a_group_is_said_in_one_line(script, options, words):
    with pytest.raises(InputError) as refused:
        composed(script, options)
    assert words in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(("script", "option", "words"), [
    ("train_saliency", "trainer.learning_rate=-1", "trainer.learning_rate is -1; use a number of 0 or more"),
    ("evaluate", "suite=criticc", "suite is 'criticc'; use saliency, critic"),
    ("evaluate", "limit=-1", "limit is -1; use a whole number"),
])  # fmt: skip
def test_a_value_that_cannot_be_is_refused_before_pytorch_is_imported(script, option, words):
    path = Path(__file__).parents[2] / f"scripts/{script}.py"
    command = [sys.executable, "-X", "importtime", str(path), option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and words in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.rpartition("|")[2].strip() == "torch"]


def test_a_file_that_is_not_there_is_named_before_pytorch_is_imported(tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "realistic_editing", "edit", __file__, str(tmp_path / "none.png")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "none.png: cannot be read (No such file or directory); check the path" in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.rpartition("|")[2].strip() == "torch"]


@pytest.mark.parametrize(("command", "option"), [(command, option) for command in FILES_READ for option in FILES_READ[command]])
def test_every_file_that_a_command_reads_is_looked_for_first(tmp_path, command, option):
    absent = str(tmp_path / "none")
    here = dict.fromkeys(FILES_READ[command], __file__)
    with pytest.raises(InputError, match="none: cannot be read"):
        check_given_files(command, here | {option: [__file__, absent] if option in ("apply", "checkpoints") else absent})
    check_given_files(command, here)
    parser = _parser()._subparsers._group_actions[0].choices["edit" if command == "enhance" else command]
    assert option in {action.dest for action in parser._actions}


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("address", ["https://example.org/photo.jpg", "HTTPS://example.org/photos", "file:///photos/a.jpg"])
def test_an_address_is_not_taken_for_a_file_that_is_absent(kind, address):
    with pytest.raises(InputError, match="is an address; download it first"):
        check_given_files("batch", {"photos": kind(address), "masks": None})
    with pytest.raises(InputError, match="cannot be read"):
        check_given_files("suggest", {"image": "C:/nosuch/photo.jpg"})


def test_what_is_written_out_for_that_is_what_it_stands_for():
    assert option_ranges.LEAST_SIDE == WINDOW and option_ranges.MOST_ORDERS == len(ALL_ORDERS)
    assert {field.name for field in dataclasses.fields(Trainer)} == set(TRAINER_RANGES)
    for target in [*SUITES.values(), *BY_OPTION.values()]:
        assert suite_of(target).networks is not None
