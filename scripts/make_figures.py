"""Draw a figure of the paper: python scripts/make_figures.py figure=2|3|6|7|8|9a|9b|10|11"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, FIGURES_TEXT, quoted
from realistic_editing.apps.main import call, explain, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS / "figures"), config_name="figures")
def main(config: DictConfig) -> None:
    call("figures", config)


if __name__ == "__main__":
    explain(CONFIGS / "figures/figures.yaml")
    sys.argv[1:] = quoted(sys.argv[1:], FIGURES_TEXT)
    start(main)
