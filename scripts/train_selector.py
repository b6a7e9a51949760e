"""Train the network that selects by clicks or a box: python scripts/train_selector.py [trainer.steps=...]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("train_selector")
