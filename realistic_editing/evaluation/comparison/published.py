"""The ratings that the paper publishes: Tables 2 to 4, to print beside a study of one's own."""
import dataclasses

# A table -> what was rated. Table 4 repeats a row of Table 2 and so speaks of the same photos.
STOCK = "30 Adobe Stock photos"
PHOTOS = {"2": STOCK, "3a": "14 photos of DeepSal's page", "3b": "77 Mechrez photos", "4": STOCK}


@dataclasses.dataclass(frozen=True)
class Published:
    """A method's row in a table of the paper.

    Args:
        table: "2", "3a", "3b" or "4".
        task: attenuate or amplify.
        method: as the paper names it.
        effectiveness, realism: (mean, standard deviation) of the ratings of 8 photographers, from 1 to 10.
        note: what a reader must know of the row.
    """

    table: str
    task: str
    method: str
    effectiveness: tuple[float, float]
    realism: tuple[float, float]
    note: str = ""


# Table 3 sets (a) and (b) side by side, and its text alone does not say which "Ours" has which pair of numbers. This is the
# reading by which Ours is as effective as MEC in (b), as section 5.2 has it; check it against the printed page.
_SPLIT = "perhaps exchanged with Ours of the other half of Table 3"

# Miangoleh, Bylinskii, Kee, Shechtman, Aksoy: Realistic Saliency Guided Image Enhancement, CVPR 2023, sections 5.2 and 5.3.
# The caption of Table 3 calls Mechrez (a); its headings and the text call it (b), as here.
PAPER = (
    Published("2", "attenuate", "GazeShift", (4.78, 2.89), (5.93, 3.13)),
    Published("2", "attenuate", "DeepSal", (4.04, 2.90), (8.49, 2.72)),
    Published("2", "attenuate", "Ours, best realism", (6.56, 2.73), (6.78, 2.70)),
    Published("2", "attenuate", "Ours, random", (6.36, 2.79), (6.34, 2.88)),
    Published("2", "attenuate", "Ours, best saliency", (6.64, 2.79), (6.31, 2.70)),
    Published("2", "amplify", "GazeShift", (7.36, 2.37), (7.07, 2.76)),
    Published("2", "amplify", "Ours, best realism", (7.39, 2.17), (8.31, 1.89)),
    Published("2", "amplify", "Ours, random", (7.36, 2.21), (8.27, 1.94)),
    Published("2", "amplify", "Ours, best saliency", (7.50, 2.08), (8.15, 2.10)),
    Published("3a", "attenuate", "DeepSal", (7.08, 2.84), (5.82, 3.43)),
    Published("3a", "attenuate", "Ours, random", (6.24, 2.90), (8.88, 1.74), _SPLIT),
    Published("3b", "amplify", "MEC", (7.06, 2.68), (7.31, 2.93)),
    Published("3b", "amplify", "WRS", (5.41, 3.22), (7.97, 2.70)),
    Published("3b", "amplify", "OHR", (7.04, 3.04), (5.18, 3.76)),
    Published("3b", "amplify", "Ours, random", (6.83, 2.52), (7.41, 2.70), _SPLIT),
    Published("4", "attenuate", "Adversarial training", (5.06, 2.84), (7.36, 3.07)),
    Published("4", "attenuate", "Ours, random", (6.36, 2.79), (6.34, 2.88)),
)

# A set of photos -> its table, and a method as the paper names it -> as this package or a folder of results does.
TABLES = {"mechrez": "3b", "adobe_stock": "2", "deepsal": "3a"}
ABLATION = "4"  # the table of the adversarial training
METHOD_OF_NAME = {
    "GazeShift": "gazeshift",
    "DeepSal": "deepsal",
    "MEC": "mec",
    "WRS": "wrs",
    "OHR": "ohr",
    "Ours, best realism": "ours_realism",
    "Ours, random": "ours_random",
    "Ours, best saliency": "ours_saliency",
    "Adversarial training": "adversarial",
}

# Section 5: MEC, OHR and GazeShift as measured in Table 1c of GazeShift's paper, ours by the authors.
RUNTIME = {
    "mec": {"time": "more than a day"},
    "ohr": {"time": "30 s"},
    "gazeshift": {"time": "8 s"},
    "ours_random": {"time": "8 ms", "size": "26 MB"},
}


def printed(table: str) -> str:
    """A table as the paper prints its name: "Table 3 (b)" of "3b"."""
    return f"Table {table[0]}" + (f" ({table[1:]})" if table[1:] else "")


def rated(table: str, task: str) -> dict[str, Published]:
    """The paper's ratings in a table, "2", "3a", "3b" or "4": method, as a value of METHOD_OF_NAME, -> its row."""
    return {METHOD_OF_NAME[row.method]: row for row in PAPER if row.table == table and row.task == task}
