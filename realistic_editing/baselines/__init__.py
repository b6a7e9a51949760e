"""Earlier methods, one a file: `baseline("ohr").edit(photo, mask, "amplify")`."""
from realistic_editing.baselines.registry import BASELINES, FAMILIES, baseline

__all__ = ["BASELINES", "FAMILIES", "baseline"]
