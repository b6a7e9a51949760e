"""Earlier methods, one a file: `baseline("ohr").edit(photo, mask, "amplify")`."""
from realistic_editing.baselines.registry import BASELINES, baseline

__all__ = ["BASELINES", "baseline"]
