"""Decode all regions once, into shards to train from: python scripts/pack_regions.py [output=FOLDER] [regions.folders=[...]]"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("pack_regions")
