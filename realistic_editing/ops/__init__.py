"""Edit operators, recipes, and how they meet a photo."""
from realistic_editing.ops.apply import apply
from realistic_editing.ops.orders import ALL_ORDERS, OPERATORS, all_orders, parse_order, random_orders
from realistic_editing.ops.recipe import RANGES, Recipe
from realistic_editing.ops.sampling import PRESETS, EditPreset, EditRanges, sample_recipe

__all__ = [
    "ALL_ORDERS",
    "OPERATORS",
    "PRESETS",
    "RANGES",
    "EditPreset",
    "EditRanges",
    "Recipe",
    "all_orders",
    "apply",
    "parse_order",
    "random_orders",
    "sample_recipe",
]
