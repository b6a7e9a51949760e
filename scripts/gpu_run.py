"""Speeds on a GPU, then the paper's critic and EditNet for some minutes: python scripts/gpu_run.py data=FOLDER [minutes=8]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("gpu_run")
