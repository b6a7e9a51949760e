"""The one training loop, its checkpoints and its log. What is trained comes in as a `Problem`."""
from realistic_editing.training.loop import Problem, fit
from realistic_editing.training.settings import Trainer

__all__ = ["Problem", "Trainer", "fit"]
