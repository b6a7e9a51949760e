"""Draw a figure of the paper: python scripts/make_figures.py figure=2|3|6|7|8|9a|9b|10|11"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("figures")
