"""Train the GazeShift baseline: python scripts/train_gazeshift.py [trainer.steps=...]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("train_gazeshift")
