"""Optimise the edits of training regions into a bank: python scripts/optimise_regions.py weights=attenuate|amplify|FILE"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("optimise_regions")
