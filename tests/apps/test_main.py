"""What all commands have in common: how they end."""
import subprocess
import sys
from pathlib import Path

import pytest

from realistic_editing.apps.config import FIGURES_TEXT, quoted
from realistic_editing.apps.main import call


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
        call(job, {})
    assert left.value.code == 130 and words in capsys.readouterr().err


def test_paths_with_commas_reach_hydra_whole():
    given = ["figure=6", "+results.mec=my, results", "photos=a,b", "seed=3", "task=attenuate"]
    expected = ["figure=6", "+results.mec='my, results'", "photos='a,b'", "seed=3", "task=attenuate"]
    assert quoted(given, FIGURES_TEXT) == expected


@pytest.mark.parametrize("option", ["trainer.learnin_rate=1e-3", "nothing=1"])
def test_an_option_that_is_not_there_is_named_without_hydras_advice_to_add_it(option):
    script = Path(__file__).parents[2] / "scripts/train_realism.py"
    done = subprocess.run([sys.executable, str(script), option], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert f"{option.partition('=')[0]}: there is no such option" in done.stderr and "append" not in done.stderr
