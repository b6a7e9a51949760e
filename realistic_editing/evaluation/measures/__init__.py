"""Numbers of edits: on photos, at borders, over clips, and over many regions."""
