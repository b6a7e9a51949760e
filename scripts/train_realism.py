"""Train the realism critic: python scripts/train_realism.py [realism@model=pix2pix] [edits=paper] [trainer.steps=...]"""
import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train_realism")
def main(config: DictConfig) -> None:
    from realistic_editing.apps.main import call  # after Hydra's --help, which needs no torch

    call("train_realism", config)


if __name__ == "__main__":
    main()
