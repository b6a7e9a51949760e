"""The old place and names of `comparison.method_measurer`, for one release more."""
import importlib
import warnings

_RENAMED = {"Bench": "MethodMeasurer", "Plan": "MeasurementPlan"}


def __getattr__(name: str) -> object:
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module("realistic_editing.evaluation.comparison.method_measurer")
    warnings.warn(f"{__name__}.{name} is {module.__name__}.{_RENAMED[name]} now", DeprecationWarning, stacklevel=2)
    return getattr(module, _RENAMED[name])
