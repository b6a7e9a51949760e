"""How sure a number is, whether two differ, and how far raters agree."""
