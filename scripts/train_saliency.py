"""Train a saliency network on eye tracking: python scripts/train_saliency.py [saliency@model=emlnet] [trainer.steps=...]"""
import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train_saliency")
def main(config: DictConfig) -> None:
    from realistic_editing.apps.main import call  # after Hydra's --help, which needs no torch

    call("train_saliency", config)


if __name__ == "__main__":
    main()
