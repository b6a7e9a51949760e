"""Time the project beside plain code: python scripts/benchmark.py suite=training [data=FOLDER] [training.seconds=...]"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import BENCHMARK_TEXT, CONFIGS, quoted
from realistic_editing.apps.main import call, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="benchmark")
def main(config: DictConfig) -> None:
    call("benchmark", config)


if __name__ == "__main__":
    sys.argv[1:] = quoted(sys.argv[1:], BENCHMARK_TEXT)
    start(main)
