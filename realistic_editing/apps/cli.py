"""The command `realistic-editing`: edit photos, score and export edits, see the demo, train."""
import argparse
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from omegaconf import OmegaConf

from realistic_editing.apps.compose import composed
from realistic_editing.apps.main import call, leave
from realistic_editing.apps.old_names import add_old_name
from realistic_editing.apps.parsers import NAMED_MASK, Help, Parser, add_mask, take_mask
from realistic_editing.apps.presets import with_a_task
from realistic_editing.apps.streams import patient
from realistic_editing.apps.suggest_options import add_suggestions
from realistic_editing.apps.train_options import add_train
from realistic_editing.apps.writing import add_writing
from realistic_editing.common.errors import InputError
from realistic_editing.data.limits import set_max_megapixels
from realistic_editing.enhance.options import CRITIC, SALIENCY, add_arguments

_READ_PHOTOS = ("edit", "batch", "plan", "video", "score", "mask", "suggest", "clean", "export", "recipe", "page")
_FORMATS = ("cube", "ora", "tiff", "xmp")


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and run one job; exit code 2 where the user must change something.

    Args:
        arguments: after the command's name; those of this process when None.
    """
    with patient():
        options = _options(arguments)
    command = options.pop("command")
    if command == "train":
        job = f"train_{options['network']}"
        if options["cfg"]:
            with patient():
                print(OmegaConf.to_yaml(_compose(job, with_a_task(job, options["overrides"]))))
        else:
            call(job, _compose(job, options["overrides"]))
    else:
        call("enhance" if command == "edit" else command, options)


def _options(arguments: Sequence[str] | None) -> dict[str, Any]:
    """The options by name."""
    found, left = _parser().parse_known_args(arguments)
    options = vars(found)
    parser, limit = options.pop("parser"), options.pop("max_megapixels")
    if limit is not None:
        try:
            set_max_megapixels(limit)
        except InputError as error:
            parser.error(str(error))
    if NAMED_MASK in options:
        left = take_mask(options, left)
    if "overrides" in options and not any(word.startswith("-") for word in left):
        options["overrides"], left = [*options["overrides"], *left], []  # behind an option, argparse takes no more of them
    if left:
        parser.refuse_unknown(left)
    return options


def _parser() -> Parser:
    parser = Parser(
        prog="realistic-editing", description="Make a region of a photo draw more or less attention, realistically."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_commands(commands)
    for name, command in commands.choices.items():
        command.set_defaults(parser=command)
        limit = "photos above are refused before they are decoded; 160 when not given"
        command.add_argument("--max-megapixels", help=limit if name in _READ_PHOTOS else argparse.SUPPRESS)
    return parser


def _version() -> str:
    try:
        return version("realistic-editing")
    except PackageNotFoundError:
        return "(not installed; run from its source)"


_HARD = "leave the mask's border as hard as it is"
_KEEP = "leave a mask as it is: else its border is softened where it is hard, and mended where it does not follow the photo"


def _add_commands(commands: argparse._SubParsersAction) -> None:
    edit = commands.add_parser("edit", help="edit a region of a photo", formatter_class=Help)
    edit.add_argument("image", help="the photo: JPEG, PNG, TIFF, WebP, GIF, AVIF, HEIC or BMP, 8 or 16 bits")
    add_mask(edit, "the region: white = edit; of the photo's aspect; or one of the following")
    _add_region(edit)
    edit.add_argument("--refine-mask", action="store_true", help="move a rough mask's border to the border in the photo")
    edit.add_argument("--keep-mask", action="store_true", help=_KEEP)
    edit.add_argument("--method", default="ours", help="ours, or an earlier one that runs here, such as ohr; then no recipe")
    where = "the result, or a folder for it; a new outputs/NAME_TASK.png or .tif, or NAME_TASK_METHOD, when not given"
    edit.add_argument("--output", help=where)
    edit.add_argument("--sheet", help="a PNG: the photo before, its region outlined, and after")
    add_writing(edit)
    _add_options(edit)
    _add_judges(edit)
    _add_json(edit)

    batch = commands.add_parser("batch", help="edit many photos; goes on where it stopped", formatter_class=Help)
    batch.add_argument("photos", help="a folder of NAME.jpg with NAME_mask.png, or a CSV: photo, mask and, at will, task")
    batch.add_argument("--masks", help="a folder of masks NAME.png, where they do not lie beside the photos")
    _add_meaning(batch)
    batch.add_argument("--keep-mask", action="store_true", help=_HARD)
    batch.add_argument("--output", default="outputs/batch", help="a folder for results, recipes and scores.csv")
    batch.add_argument("--sheet", help="a PNG: all photos before and after, to look through")
    add_writing(batch)
    batch.add_argument("--engine", default="local", help="local: a few photos side by side; ray: many at once, on a cluster")
    batch.add_argument("--workers", type=int, help="with ray: photos at once; one for each processor, or GPU, when not given")
    batch.add_argument(
        "--dry-run", action="store_true", help="edit three photos for an estimate of time and room, and write nothing"
    )
    batch.add_argument("--address", help="with ray: of a cluster, auto or ray://HOST:10001; this machine when not given")
    _add_options(batch)
    _add_judges(batch)
    _add_json(batch)

    plan = commands.add_parser("plan", help="edit several regions of a photo, each with its task", formatter_class=Help)
    plan.add_argument("image", help="the photo")
    plan.add_argument("plan", help="YAML or JSON: a list of regions, each with mask, task, and options of an edit")
    plan.add_argument("--allow-conflicts", action="store_true", help="go on where one region is to gain and to lose attention")
    add_old_name(plan, "--anyway", "--allow-conflicts")
    plan.add_argument("--output", help="a folder for every step, its recipe, and the result; a new outputs/plan when not given")
    add_writing(plan)
    _add_judges(plan)
    _add_json(plan)

    _add_video(commands)

    score = commands.add_parser("score", help="how real a region looks, and what an edit changes", formatter_class=Help)
    score.add_argument("image", help="a photo, or a folder of NAME.jpg with NAME_mask.png")
    add_mask(score, "the mask of a photo, or a folder of masks NAME.png")
    score.add_argument("--edited", help="the photo after an edit, or a folder of edits by the photos' names: dR and saliency")
    score.add_argument("--keep-mask", action="store_true", help=_HARD)
    score.add_argument("--output", help="a CSV file")
    _add_json(score)
    _add_judges(score)

    recipe = commands.add_parser("recipe", help="what an edit does, in a photographer's words", formatter_class=Help)
    recipe.add_argument("recipe", help="the .json that an edit left beside its result")
    recipe.add_argument("--strength", type=float, default=1.0, help="0 = no edit, 1 = the recipe, up to 1.5")
    recipe.add_argument("--apply", nargs=2, metavar=("PHOTO", "MASK"), help="edit this photo by it")
    recipe.add_argument("--keep-mask", action="store_true", help=_HARD)
    recipe.add_argument(
        "--output", help="of --apply: the result, or a folder for it; a new outputs/PHOTO_RECIPE.png or .tif when not given"
    )
    _add_meaning(recipe)
    add_writing(recipe)
    _add_json(recipe)

    doctor = commands.add_parser("doctor", help="what is installed, and whether it works", formatter_class=Help)
    _add_json(doctor)

    mask = commands.add_parser("mask", help="select a region, or mend a rough mask", formatter_class=Help)
    mask.add_argument("image", help="the photo")
    add_mask(mask, "a rough mask to be mended; or one of the following")
    _add_region(mask)
    where = "the mask, a 16-bit PNG, or a folder for it; a new NAME_mask.png beside the photo when not given"
    mask.add_argument("--output", help=where)
    _add_json(mask)

    add_suggestions(commands, Help, _add_judges, _add_json)

    export = commands.add_parser("export", help="carry an edit into other programs", formatter_class=Help)
    export.add_argument("recipe", help="the .json that an edit left beside its result")
    export.add_argument("image", help="the photo that was edited")
    export.add_argument("mask", help="its mask")
    export.add_argument("--keep-mask", action="store_true", help=_HARD)
    _add_meaning(export)
    export.add_argument("--strength", type=float, default=1.0, help="0 = no edit, 1 = the recipe, up to 1.5")
    export.add_argument("--size", type=int, default=33, help="points of the .cube table along each axis, 17 to 129")
    export.add_argument(
        "--formats", nargs="+", choices=_FORMATS, default=["cube", "ora"], metavar="FORMAT",
        help="cube: a table and the mask; ora, tiff: layers; xmp: sliders of Lightroom and Camera Raw with an ellipse",
    )  # fmt: skip
    export.add_argument("--output", help="a folder; that of the recipe when not given")
    _add_json(export)

    graphs = commands.add_parser(
        "export-onnx", help="critic, enhancer and operators as ONNX files", formatter_class=Help
    )
    graphs.add_argument("--output", default="outputs/onnx", help="a folder")
    graphs.add_argument("--task", default="attenuate", help="of the enhancer: attenuate or amplify")
    graphs.add_argument("--weights", help="bundled weights or a .safetensors file; compact_TASK when not given")
    graphs.add_argument("--critic", default="critic", help="bundled weights or a .safetensors file")

    released = commands.add_parser("convert", help="take over the checkpoints of the paper's authors", formatter_class=Help)
    released.add_argument("checkpoints", nargs="+", help="one file, or of emlnet three: imagenet, places, decoder")
    released.add_argument("--as", dest="kind", required=True, choices=("editnet", "realismnet", "emlnet"), help="what it is")
    released.add_argument("--task", help="of an editnet: attenuate or amplify; what the file's name says when not given")
    released.add_argument("--output", help="a .safetensors file; outputs/NAME.safetensors when not given")

    _add_study(commands)

    demo = commands.add_parser("demo", help="edit the bundled photo both ways", formatter_class=Help)
    demo.add_argument("--output", default="outputs/demo", help="folder for the results")

    page = commands.add_parser("page", help="edit photos in the browser", formatter_class=Help)
    page.add_argument("--port", type=int, default=7860, help="of the page; 0: any that is free")
    page.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets others on the network see it")
    page.add_argument("--allow-host", action="append", help="a further name that it is reached by; may be given again")
    page.add_argument("--max-memory", type=float, default=2.4, metavar="GB", help="of all visitors' photos; others wait")
    add_writing(page)
    _add_judges(page)

    add_train(commands)


def _add_study(commands: argparse._SubParsersAction) -> None:
    study = commands.add_parser("study", help="serve a user study: raters by link, 1 to 10", formatter_class=Help)
    study.add_argument("folder", help="NAME.jpg with NAME_mask.png or masks/NAME.png, and a sub-folder METHOD/NAME.png each")
    study.add_argument("--task", required=True, help="attenuate or amplify: what the edits were for")
    study.add_argument("--port", type=int, default=8765, help="0: any that is free")
    study.add_argument("--host", default="127.0.0.1", help="where to listen; 0.0.0.0 lets other machines in")
    study.add_argument("--address", help="how raters reach it, such as https://study.example.org; printed in the links")
    study.add_argument("--allow-host", action="append", help="a further name that it is reached by; may be given again")
    study.add_argument("--database", help="a file, or postgresql://user:password@host/name; outputs/study/FOLDER.sqlite")
    study.add_argument("--raters", type=int, help="make links for this many; 8 at first, when not given")

    written = commands.add_parser("study-export", help="write a study's ratings as CSV", formatter_class=Help)
    written.add_argument("database", help="the file or URL that the study printed")
    written.add_argument("output", help="the CSV file, for scripts/evaluate.py ratings=FILE")


def _add_video(commands: argparse._SubParsersAction) -> None:
    video = commands.add_parser("video", help="edit a region of a clip, without flicker", formatter_class=Help)
    video.add_argument("clip", help="a video file, or a folder of frames")
    video.add_argument("--mask", help="of the first frame, then followed; or a folder or a video with a mask for each frame")
    video.add_argument("--box", help="in the mask's place: x,y,width,height in pixels of the first frame")
    _add_points(video, "in the mask's place")
    video.add_argument("--output", "--out", dest="out", help=".mp4, .mov (with loss), .mkv (without), or a folder of PNGs")
    video.add_argument("--parameters", default="smoothed", help="first (those of the first frame) or smoothed (over time)")
    video.add_argument("--every", type=int, default=12, help="frames between two predictions of --parameters smoothed")
    video.add_argument("--when-lost", default="error", help="error, or stop: fade the edit out, and leave the rest as it is")
    samples = "places at which to measure how edits made frame by frame flicker; each takes three predictions"
    video.add_argument("--flicker-samples", type=int, default=0, metavar="NUMBER", help=samples)
    add_old_name(video, "--afresh", "--flicker-samples")
    video.add_argument("--masks-out", help="a new folder for the mask of every frame, to be mended and used again")
    video.add_argument("--sheet", help="a PNG of some frames: input, mask, edited")
    video.add_argument("--strip", action="store_true", help="leave out what the clip says of itself: date, place, names")
    _add_json(video)
    _add_options(video)
    _add_judges(video)


def _add_points(parser: argparse.ArgumentParser, where: str) -> None:
    told = f"points in the region, such as '320,200 350,240', {where}; --points=-5,0 for one left of the photo"
    parser.add_argument("--points", "--click", help=told)
    parser.add_argument("--outside", help="with --points: points that are not in it")


def _add_region(parser: argparse.ArgumentParser) -> None:
    """Ways to name a region without a mask."""
    parser.add_argument("--box", help="x,y,width,height in pixels around the thing, which it must hold whole")
    _add_points(parser, "alone or with --box")
    parser.add_argument("--grabcut", action="store_true", help="select by colours alone (GrabCut), without the network")
    parser.add_argument("--sam", help="a Segment Anything model: a folder, or a name such as facebook/sam-vit-base, downloaded")
    parser.add_argument("--alpha", action="store_true", help="the photo's own transparency")
    _add_meaning(parser)


def _add_meaning(parser: argparse.ArgumentParser) -> None:
    """What of a mask is the region."""
    parser.add_argument("--label", metavar="NUMBER", help="of a mask that is a label map: select this index or grey value")
    parser.add_argument("--invert", action="store_true", help="select what the region leaves")


def _add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked of an edit, see `Enhancer.propose`."""
    parser.add_argument("--task", default="attenuate", help="attenuate (less attention) or amplify (more attention)")
    add_arguments(parser)
    parser.add_argument("--weights", help="a .safetensors file of your own instead of the bundled network")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, and all else to stderr")


def _add_judges(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--critic", default=CRITIC, help="bundled weights or a .safetensors file")
    parser.add_argument("--saliency", default=SALIENCY, help="bundled weights or a .safetensors file")
    parser.add_argument("--device", help="cpu, cuda or mps; the CPU when not given")


def _compose(name: str, overrides: Sequence[str]):
    """The configuration that scripts/NAME.py would have with these overrides; what cannot be had ends the command."""
    try:
        return composed(name, overrides)
    except InputError as error:
        leave(str(error))


if __name__ == "__main__":
    main()
