"""The demo: what `make demo` leaves behind and says."""
import numpy as np
from PIL import Image

from realistic_editing import Recipe
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import EDITS, FOLDER


def test_results_recipes_and_sheet_are_written_and_three_lines_said(tmp_path, capsys):
    main(["demo", "--output", str(tmp_path)])
    before = np.array(Image.open(FOLDER / "astronaut.jpg"))
    for task, region in EDITS:
        after = np.array(Image.open(tmp_path / f"{region}_{task}.png"))
        outside = np.array(Image.open(FOLDER / f"{region}.png")) == 0
        assert (after[outside] == before[outside]).mean() > 0.99  # JPEG decoders differ by a level here and there
        assert (after != before).any()
        assert len(Recipe.load(tmp_path / f"{region}_{task}.json")) == 1
    assert Image.open(tmp_path / "sheet.png").size[0] > 3 * 512
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 3 and "sheet.png" in lines[2]
    saliency = [int(line.split("saliency ")[1].split(" %")[0]) for line in lines[:2]]
    assert saliency[0] < 0 < saliency[1]
