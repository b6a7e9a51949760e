"""Edit a region of a photo: python scripts/enhance.py image=photo.jpg mask=mask.png task=attenuate"""
from realistic_editing.apps.scripts import run_script

if __name__ == "__main__":
    run_script("enhance")
