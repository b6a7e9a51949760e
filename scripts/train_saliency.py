"""Train a saliency network on eye tracking: python scripts/train_saliency.py [saliency@model=emlnet] [trainer.steps=...]"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, TRAIN_TEXT, quoted
from realistic_editing.apps.main import call, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train_saliency")
def main(config: DictConfig) -> None:
    call("train_saliency", config)


if __name__ == "__main__":
    sys.argv[1:] = quoted(sys.argv[1:], TRAIN_TEXT)
    start(main)
