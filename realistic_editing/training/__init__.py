"""The one training loop, its checkpoints and its log. What is trained comes in as a `Problem`."""
from realistic_editing.training.loop import Problem, Trainer, fit

__all__ = ["Problem", "Trainer", "fit"]
