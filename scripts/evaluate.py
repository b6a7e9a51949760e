"""Measure on held-out photos, or read a user study: scripts/evaluate.py suite=...|dataset=...|ratings=..."""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("evaluate")
