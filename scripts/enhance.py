"""Edit a region of a photo: python scripts/enhance.py image=photo.jpg mask=mask.png task=attenuate"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, quoted


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="enhance")
def main(config: DictConfig) -> None:
    from realistic_editing.apps.main import call  # after Hydra's --help, which needs no torch

    call("enhance", config)


if __name__ == "__main__":
    # Paths may hold spaces and commas, and an order does; Hydra would read those as lists and sweeps.
    sys.argv[1:] = quoted(sys.argv[1:], ("image", "mask", "order", "output", "weights", "critic", "saliency"))
    main()
