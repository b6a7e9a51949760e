"""Train an enhancer: python scripts/train_enhancer.py task=attenuate|amplify [objective=paper] [trainer.steps=...]"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, TRAIN_TEXT, quoted
from realistic_editing.apps.main import call, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train_enhancer")
def main(config: DictConfig) -> None:
    call("train_enhancer", config)


if __name__ == "__main__":
    if {"--help", "-h", "--cfg"} & set(sys.argv) and not any(option.startswith("task=") for option in sys.argv):
        sys.argv.append("task=attenuate")  # help must not ask for a choice first
    sys.argv[1:] = quoted(sys.argv[1:], TRAIN_TEXT)
    start(main)
