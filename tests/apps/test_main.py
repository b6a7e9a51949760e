"""What all commands have in common: how they end."""
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
