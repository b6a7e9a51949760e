"""The bundled photos that a visitor may try, with their regions."""
import dataclasses

from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.page.regions import add_region
from realistic_editing.apps.page.state import Session, open_photo
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_mask

# Name -> file, and its regions with what each should draw; licences in the folder's README.
EXAMPLES = {
    "portrait": ("astronaut.jpg", {"flag": "attenuate"}),
    "coffee": ("coffee.jpg", {"spoon": "attenuate", "cup": "amplify"}),
    "rocket": ("rocket.jpg", {"rocket": "amplify"}),
}


def example(name: str = "portrait") -> Session:
    """A bundled photo with its regions, nothing proposed yet. Raises InputError for another name."""
    if name not in EXAMPLES:
        raise InputError(f"there is no example {name!r}; there are {', '.join(EXAMPLES)}")
    file, regions = EXAMPLES[name]
    session = open_photo(FOLDER / file)
    for region, task in regions.items():
        session = add_region(session, read_mask(FOLDER / f"{region}.png", session.photo.pixels.shape[:2])[0], task, region)
    things = tuple(dataclasses.replace(region, human=False) for region in session.regions)  # none of them is a person
    return dataclasses.replace(session, regions=things, active=0, task=things[0].task)
