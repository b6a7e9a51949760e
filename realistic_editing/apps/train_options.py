"""What `realistic-editing train` takes: a network, and overrides of its script's configuration."""
import argparse
from typing import NoReturn

from realistic_editing.apps.script_help import script_help


class TrainHelp(argparse.Action):
    """--help: after a network's name all that may be set of its training."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: object) -> NoReturn:
        network = getattr(namespace, "network", None)
        print(script_help(f"train_{network}") if network else parser.format_help())
        parser.exit()


def add_train(commands: argparse._SubParsersAction) -> None:
    """Add the command `train`.

    Args:
        commands: where it is added.
    """
    text = "train a network; overrides as in Hydra, such as trainer.steps=100"
    train = commands.add_parser("train", help=text, add_help=False, epilog="train NETWORK --help shows the options of one.")
    train.add_argument("-h", "--help", action=TrainHelp, nargs=0, help="what may be set; of a network, if it is named first")
    train.add_argument("network", choices=("saliency", "realism", "enhancer", "gazeshift", "selector"))
    train.add_argument("overrides", nargs="*", help="such as task=attenuate paths.data=data output=outputs/run")
    train.add_argument("--cfg", choices=("job",), help="job: show the whole configuration, and run nothing")
