"""The paper's ratings: 8 photographers, 1 to 10, mean and standard deviation (Tables 2 and 3)."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Rating:
    """Mean and, after it, standard deviation over photos and photographers; effectiveness, then realism."""

    effectiveness: tuple[float, float]
    realism: tuple[float, float]


SOURCES = {
    "mechrez": "77 photos of the Mechrez set (Table 3)",
    "adobe_stock": "30 Adobe Stock photos (Table 2)",
    "deepsal": "14 photos of the DeepSal project page (Table 3)",
}

# Set -> task -> method, as this package or a folder of results names it.
RATINGS: dict[str, dict[str, dict[str, Rating]]] = {
    "mechrez": {
        "amplify": {
            "mec": Rating((7.06, 2.68), (7.31, 2.93)),
            "wrs": Rating((5.41, 3.22), (7.97, 2.70)),
            "ohr": Rating((7.04, 3.04), (5.18, 3.76)),
            "ours_random": Rating((6.83, 2.52), (7.41, 2.70)),
        }
    },
    "adobe_stock": {
        "attenuate": {
            "gazeshift": Rating((4.78, 2.89), (5.93, 3.13)),
            "deepsal": Rating((4.04, 2.90), (8.49, 2.72)),
            "ours_realism": Rating((6.56, 2.73), (6.78, 2.70)),
            "ours_random": Rating((6.36, 2.79), (6.34, 2.88)),
            "ours_saliency": Rating((6.64, 2.79), (6.31, 2.70)),
        },
        "amplify": {
            "gazeshift": Rating((7.36, 2.37), (7.07, 2.76)),
            "ours_realism": Rating((7.39, 2.17), (8.31, 1.89)),
            "ours_random": Rating((7.36, 2.21), (8.27, 1.94)),
            "ours_saliency": Rating((7.50, 2.08), (8.15, 2.10)),
        },
    },
    "deepsal": {
        "attenuate": {
            "deepsal": Rating((7.08, 2.84), (5.82, 3.43)),
            "ours_random": Rating((6.24, 2.90), (8.88, 1.74)),
        }
    },
}
