"""Train an enhancer: python scripts/train_enhancer.py task=attenuate|amplify [preset=paper] [ablation=NAME]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("train_enhancer")
