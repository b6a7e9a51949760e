"""Train a saliency network on eye tracking: python scripts/train_saliency.py [preset=paper] [trainer.steps=...]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("train_saliency")
