"""Edit a region of a photo: python scripts/enhance.py image=photo.jpg mask=mask.png task=attenuate"""
import sys

import hydra
from omegaconf import DictConfig

from realistic_editing.apps.config import CONFIGS, ENHANCE_TEXT, quoted, register_options
from realistic_editing.apps.main import call, explain, start
from realistic_editing.enhance.options import as_comments

register_options()


@hydra.main(version_base="1.3", config_path=str(CONFIGS / "enhance"), config_name="enhance")
def main(config: DictConfig) -> None:
    call("enhance", config)


if __name__ == "__main__":
    explain(CONFIGS / "enhance/enhance.yaml", as_comments())
    sys.argv[1:] = quoted(sys.argv[1:], ENHANCE_TEXT)
    start(main)
