"""Train the realism critic: python scripts/train_realism.py [preset=paper] [experiment=NAME] [trainer.steps=...]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("train_realism")
