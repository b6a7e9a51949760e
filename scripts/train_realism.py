"""Train the realism critic: python scripts/train_realism.py [realism@model=pix2pix] [edits=paper] [trainer.steps=...]"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, TRAIN_TEXT, quoted
from realistic_editing.apps.main import call, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train_realism")
def main(config: DictConfig) -> None:
    call("train_realism", config)


if __name__ == "__main__":
    sys.argv[1:] = quoted(sys.argv[1:], TRAIN_TEXT)
    start(main)
