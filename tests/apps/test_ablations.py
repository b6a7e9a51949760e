"""Ablations that tables compare with: taken where they were trained, and named with their command where they were not."""
import shutil
import types

import pytest
from hydra import compose, initialize_config_dir

from realistic_editing.apps.ablations import ABLATION_SETTINGS, TABLED, named_weights, trained_ablations
from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.evaluate import evaluate
from realistic_editing.apps.presets import known
from realistic_editing.common.errors import InputError
from realistic_editing.evaluation.comparison.rivals import load_rivals
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.weights import bundled


def configured(*options):
    with initialize_config_dir(str(CONFIGS / "evaluate"), version_base="1.3"):
        return compose("evaluate", overrides=list(options))


@pytest.fixture
def outputs(tmp_path, tiny_weights):
    """The outputs of one ablation."""
    folder = tmp_path / "train_enhancer/compact/attenuate_adversarial"
    folder.mkdir(parents=True)
    shutil.copy(tiny_weights["attenuate"], folder / "model.safetensors")
    return tmp_path


def test_what_was_trained_is_taken_and_of_the_rest_it_is_said_how_to_make_it(outputs, capsys):
    config = configured("suite=enhancer", f"paths.outputs={outputs}")
    found = trained_ablations(config)
    assert found == [str(outputs / "train_enhancer/compact/attenuate_adversarial/model.safetensors")]
    assert list(load_rivals(found)["attenuate"]) == ["adversarial"]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(TABLED) - 1
    assert f"python scripts/train_enhancer.py task=amplify ablation=no_realism {ABLATION_SETTINGS}" in "".join(lines)


def test_no_table_wants_an_ablation_that_is_bundled_or_unknown():
    assert {ablation for _, ablation in TABLED} <= set(known("ablation", "train_enhancer"))
    assert not {f"{task}_{ablation}" for task, ablation in TABLED} & set(bundled())


def test_reports_of_two_presets_lie_apart(outputs, monkeypatch):
    written = []

    monkeypatch.setattr(Report, "write", lambda report, output: written.append(output) or "")
    suite = types.SimpleNamespace(networks=(), run=lambda inputs: Report("Evaluation: none", {}, [], {}))
    monkeypatch.setattr("realistic_editing.apps.evaluate.suite_of", lambda target: suite)
    for preset in ("compact", "paper"):
        evaluate(configured("suite=baselines", f"preset={preset}", f"paths.outputs={outputs}"))
    assert written == [str(outputs / "evaluate" / preset / "baselines") for preset in ("compact", "paper")]


def test_names_of_ablations_stand_for_their_files(outputs):
    config = configured("suite=enhancer", f"paths.outputs={outputs}")
    assert named_weights(config, "attenuate_adversarial").startswith(str(outputs))
    assert named_weights(config, "attenuate") == "attenuate" and named_weights(config, "my/file") == "my/file"
    with pytest.raises(InputError, match=r"attenuate_no_realism: there is none at .*ablation=no_realism"):
        named_weights(config, "attenuate_no_realism")


def test_a_method_that_was_not_trained_is_refused_with_its_command(outputs):
    with pytest.raises(InputError, match=r"method no_realism has not been trained .* task=attenuate ablation=no_realism"):
        evaluate(configured("dataset=mechrez", "method=[no_realism]", f"paths.outputs={outputs}"))


def test_the_papers_preset_says_first_what_it_is_and_what_is_to_be_trained(outputs, capsys):
    options = ("preset=paper", f"paths.outputs={outputs}")
    for suite, words in (("critic", "train_realism.py preset=paper"), ("saliency", "train_saliency.py preset=paper")):
        with pytest.raises(InputError, match=words):
            evaluate(configured(f"suite={suite}", *options))
        assert capsys.readouterr().out.startswith("evaluate: preset paper; saliency ")
    critic = outputs / "train_realism/paper/default/model.safetensors"
    config = configured("suite=enhancer", *options)
    assert (config.critic, config.edits) == (str(critic), "paper")
    assert config.amplify == str(outputs / "train_enhancer/paper/amplify/model.safetensors")
