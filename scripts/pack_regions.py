"""Decode all regions once, into shards to train from: python scripts/pack_regions.py [output=FOLDER] [regions.folders=[...]]"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, TRAIN_TEXT, quoted
from realistic_editing.apps.main import call, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="pack_regions")
def main(config: DictConfig) -> None:
    call("pack_regions", config)


if __name__ == "__main__":
    sys.argv[1:] = quoted(sys.argv[1:], TRAIN_TEXT)
    start(main)
