"""Measure networks on held-out photos: networks and data in, small results out; then tables and figures."""
import importlib
import warnings

# Modules that moved; their old places answer for one release more.
_MOVED = {"bootstrap": "statistics.bootstrap", "photo_sets": "comparison.photo_sets"}


def __getattr__(name: str) -> object:
    if name not in _MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(f"{__name__}.{name} is {__name__}.{_MOVED[name]} now", DeprecationWarning, stacklevel=2)
    return importlib.import_module(f"{__name__}.{_MOVED[name]}")
