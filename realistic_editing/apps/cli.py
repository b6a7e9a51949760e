"""The command `realistic-editing`: edit a photo, see the demo, train."""
import argparse
import sys
from collections.abc import Sequence

from realistic_editing.apps.config import CONFIGS, TRAIN_TEXT, quoted
from realistic_editing.apps.main import call

Defaults = argparse.ArgumentDefaultsHelpFormatter


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and run one job; exit code 2 where the user must change something.

    Args:
        arguments: after the command's name; those of this process when None.
    """
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    if command == "train":
        call(f"train_{options['network']}", _compose(f"train_{options['network']}", options["overrides"]))
    else:
        call("enhance" if command == "edit" else command, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="realistic-editing", description="Make a region of a photo draw more or less attention, realistically."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    edit = commands.add_parser("edit", help="edit a region of a photo", formatter_class=Defaults)
    edit.add_argument("image", help="the photo: JPEG, PNG, TIFF or WebP, 8 or 16 bits")
    edit.add_argument("mask", help="the region: white = edit; of the photo's aspect")
    edit.add_argument("--task", default="attenuate", help="attenuate (less attention) or amplify (more attention)")
    edit.add_argument(
        "--order",
        default="best_realism",
        help="best_realism, best_saliency, random, or an order such as 3,1,0,2 "
        "(0 white balance, 1 colour curve, 2 saturation, 3 exposure)",
    )
    edit.add_argument("--strength", help="0 = no edit, 1 = as proposed, up to 1.5; without it the guard decides")
    edit.add_argument(
        "--min-realism-change", type=float, help="instead of a strength: the greatest that keeps to this dR, such as -0.1"
    )
    edit.add_argument(
        "--saliency-change", type=float, help="instead of a strength: the least that reaches this relative change, such as -0.3"
    )
    edit.add_argument(
        "--no-guard", dest="guard", action="store_const", const=None, default=-0.1,
        help="take a proposal as it is, even where its dR lies below -0.1; without this it is taken weaker",
    )  # fmt: skip
    edit.add_argument("--refine", type=int, default=0, help="steps of optimisation on this photo, such as 20; 0.3 s each")
    edit.add_argument("--human", action="store_true", help="the region is a person, of whom --refine takes more care")
    edit.add_argument("--output", help="the result; outputs/NAME_TASK.png or .tif when not given")
    edit.add_argument("--seed", type=int, default=0, help="of --order random")
    edit.add_argument("--weights", help="a .safetensors file of your own instead of the bundled network")
    edit.add_argument("--critic", default="critic", help="bundled weights or a .safetensors file")
    edit.add_argument("--saliency", default="compact_saliency", help="bundled weights or a .safetensors file")
    edit.add_argument("--device", help="cpu, cuda or mps; the CPU when not given")

    demo = commands.add_parser("demo", help="edit the bundled photo both ways", formatter_class=Defaults)
    demo.add_argument("--output", default="outputs/demo", help="folder for the results")

    train = commands.add_parser("train", help="train a network; overrides as in Hydra, such as trainer.steps=100")
    train.add_argument("network", choices=("saliency", "realism", "enhancer", "gazeshift"))
    train.add_argument("overrides", nargs="*", help="such as task=attenuate paths.data=data output=outputs/run")
    return parser


def _compose(name: str, overrides: Sequence[str]):
    """The configuration that scripts/NAME.py would have with these overrides."""
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException

    try:
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            return compose(name, overrides=quoted(overrides, TRAIN_TEXT))
    except HydraException as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
