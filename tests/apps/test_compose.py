"""A script's configuration, for those who do not come by its command line."""
import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from realistic_editing.apps.compose import composed
from realistic_editing.apps.config import CONFIGS
from realistic_editing.common.errors import InputError


def test_it_works_within_another_script_and_leaves_that_as_it_was():
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        before = GlobalHydra.instance().hydra
        assert composed("train_realism", ["preset=lite", "trainer.seed=3"]).trainer.seed == 3
        with pytest.raises(InputError, match="there is no such option"):
            composed("train_realism", ["trainer.sede=3"])
        assert GlobalHydra.instance().is_initialized() and type(GlobalHydra.instance().hydra) is type(before)
    assert not GlobalHydra.instance().is_initialized()


def test_the_courses_of_the_benchmark_compose_and_weigh_nothing_that_their_samples_lack():
    config = composed("benchmark", [])
    for course in config.quality.courses.values():
        for words in (course.plain, course.ours):
            found = composed(f"train_{course.script}", list(words))
            assert found.trainer.evaluate_every > 0
