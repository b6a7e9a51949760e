"""Time the project beside plain code: python scripts/benchmark.py suite=training [data=FOLDER] [training.seconds=...]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("benchmark")
