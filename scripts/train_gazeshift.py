"""Train the GazeShift baseline: python scripts/train_gazeshift.py [trainer.steps=...]"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, TRAIN_TEXT, quoted
from realistic_editing.apps.main import call, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train_gazeshift")
def main(config: DictConfig) -> None:
    call("train_gazeshift", config)


if __name__ == "__main__":
    sys.argv[1:] = quoted(sys.argv[1:], TRAIN_TEXT)
    start(main)
