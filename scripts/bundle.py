"""Put a run's weights into the package, in half precision: python scripts/bundle.py outputs/train_realism/my_run critic"""
import argparse
import sys

from realistic_editing.apps.bundle import bundle
from realistic_editing.common.errors import InputError
from realistic_editing.weights.registry import bundled_kinds

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="the folder of a training run that has ended")
    parser.add_argument("name", choices=bundled_kinds(), help="of the bundled weights")
    words = "large tensors in a byte for each value: half of the file, and less precise; measure what it costs"
    parser.add_argument("--rounded", action="store_true", help=words)
    options = parser.parse_args()
    try:
        path = bundle(options.run, options.name, rounded=options.rounded)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")
