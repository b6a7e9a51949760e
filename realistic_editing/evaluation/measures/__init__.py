"""Numbers of edits: on photos, at borders, over clips, and over many regions."""
from realistic_editing.evaluation.measures.photo_changes import photo_changes

__all__ = ["photo_changes"]
