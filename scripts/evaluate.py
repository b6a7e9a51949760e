"""Measure on photos that nobody tuned to, or read a user study: scripts/evaluate.py suite=...|dataset=...|ratings=..."""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, EVALUATE_TEXT, quoted
from realistic_editing.apps.main import call, explain, start


@hydra.main(version_base="1.3", config_path=str(CONFIGS / "evaluate"), config_name="evaluate")
def main(config: DictConfig) -> None:
    call("evaluate", config)


if __name__ == "__main__":
    explain(CONFIGS / "evaluate/evaluate.yaml")
    sys.argv[1:] = quoted(sys.argv[1:], EVALUATE_TEXT)
    start(main)
