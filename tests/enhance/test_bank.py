"""A bank of optimised edits: what is in the file, and what an enhancer learns from it."""
import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from realistic_editing.common.errors import InputError
from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.bank import Bank, BankedEdit, optimised, orders_of, region_key
from realistic_editing.enhance.bank_training import BankedPhotos, BankedRegions, BankProblem, tone_numbers
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.lite import LiteEnhancer
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.network import EditNet
from realistic_editing.ops import Recipe, apply, random_orders

SETTINGS = {"task": "attenuate", "steps": 2}
SHAPE = {"backbone": "tf_efficientnet_lite0", "input_size": [64, 96], "width": 8}


def some_recipe(seed: int) -> Recipe:
    generator = torch.Generator().manual_seed(seed)
    still = Recipe.identity(random_orders(1, generator))
    return dataclasses.replace(
        still,
        exposure=torch.rand(1, generator=generator) + 0.5,
        saturation=torch.rand(1, generator=generator),
        color_curve=torch.rand(1, 3, 8, generator=generator) + 0.5,
        white_balance=torch.rand(1, 3, generator=generator) / 2 + 0.5,
    )


@pytest.fixture(scope="module")
def regions(tmp_path_factory) -> list[Region]:
    folder, rng, found = tmp_path_factory.mktemp("photos"), np.random.default_rng(0), []
    mask = np.zeros((60, 80), np.uint8)
    mask[15:40, 20:50] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    for index in range(6):
        Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)).save(folder / f"{index}.png")
        split = "val" if index == 5 else "train"
        found.append(Region(folder / f"{index}.png", folder / "mask.png", "coco", str(index), "0", split=split))
    return found


@pytest.fixture
def network():
    torch.manual_seed(0)
    return LiteEnhancer(SHAPE, things_size=64, projection=8, input_size=48, stride=1, ring=6, palette=8, hidden=16).eval()


def banked(path, regions) -> Bank:
    bank = Bank(path, SETTINGS)
    bank.add([BankedEdit(region_key(region), some_recipe(place), 0.1, -0.2) for place, region in enumerate(regions)])
    return bank


def test_a_file_gives_back_what_was_added_and_a_line_that_was_cut_is_made_again(tmp_path, regions):
    path = tmp_path / "bank/edits.jsonl"
    edits = banked(path, regions).edits
    with path.open("a") as file:
        file.write('{"region": "coco/7')  # a process was killed here
    again = Bank(path, SETTINGS)
    assert [edit.region for edit in again.edits] == [region_key(region) for region in regions]
    for found, kept in zip(again.edits, edits, strict=True):
        assert torch.equal(found.recipe.color_curve, kept.recipe.color_curve) and found.order == kept.order
        assert again.has(found.region, found.order)
    assert not again.has(edits[0].region, tuple(reversed(edits[0].order)))
    again.add([dataclasses.replace(edits[0], region="coco/other/0")])
    assert len(Bank(path).edits) == len(edits) + 1 and Bank(path).settings == SETTINGS


def test_what_is_no_bank_or_another_is_refused_in_words(tmp_path, regions):
    path = tmp_path / "edits.jsonl"
    banked(path, regions)
    with pytest.raises(InputError, match="made with steps=2, and now it is 3; choose another output"):
        Bank(path, SETTINGS | {"steps": 3})
    with pytest.raises(InputError, match="no such bank"):
        Bank(tmp_path / "other.jsonl")
    with pytest.raises(InputError, match="is a folder; name a file"):
        Bank(tmp_path)
    lines = path.read_text().splitlines()
    for number, line, words in (
        (0, '{"format": "other"}', "not a bank"), (0, "[1]", "line 1: not an edit"), (2, "{", "line 3: not JSON"),
        (1, '{"region": "a"}', "line 2: no edit of a bank"),
        (1, json.dumps(json.loads(lines[1]) | {"recipe": {"format": "x"}}), "line 2: not a recipe"),
        (1, json.dumps(json.loads(lines[1]) | {"realism_change": None}), "line 2: no edit"),
    ):  # fmt: skip
        path.write_text("\n".join([*lines[:number], line, *lines[number + 1 :]]) + "\n")
        with pytest.raises(InputError, match=words):
            Bank(path)


@pytest.mark.parametrize("settings", [SETTINGS, None])
@pytest.mark.parametrize("text", ["a,b\n1,2\n3,4", "a,b"])
def test_a_file_that_is_no_bank_is_refused_and_left_as_it_is(tmp_path, text, settings):
    path = tmp_path / "notes.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="not JSON|not a bank"):
        Bank(path, settings)
    assert path.read_text() == text


def test_reading_a_bank_leaves_a_line_that_is_being_written(tmp_path, regions):
    path = tmp_path / "edits.jsonl"
    banked(path, regions)
    with path.open("a") as file:
        file.write('{"region": "coco/7')
    before = path.read_text()
    assert len(Bank(path).edits) == len(regions) and path.read_text() == before
    path.write_text(before[:20])  # killed while the first line was written
    assert not Bank(path, SETTINGS).edits and Bank(path).settings == SETTINGS


def test_orders_differ_stay_and_depend_on_the_region(regions):
    few, many = orders_of(regions[0], 3), orders_of(regions[0], 24)
    assert many[:3] == few and len(set(many)) == 24
    assert len({orders_of(region, 1)[0] for region in regions}) > 1


def test_photos_of_one_name_in_two_folders_are_two(regions):
    own = dataclasses.replace(regions[0], source="folder")
    assert region_key(own) != region_key(dataclasses.replace(own, photo=own.photo.parent / "other" / own.photo.name))


def test_optimised_edits_move_attention_further_than_the_proposal(regions, tiny_weights):
    enhancer = Enhancer.from_pretrained(
        tiny_weights["amplify"], critic=tiny_weights["critic"], saliency=tiny_weights["saliency"]
    )
    order = orders_of(regions[0], 2)
    found = optimised(enhancer, regions[0], order, steps=8)
    assert [edit.order for edit in found] == order and all(len(edit.recipe) == 1 for edit in found)
    image, mask = (np.asarray(Image.open(path)) for path in (regions[0].photo, regions[0].mask))
    view = enhancer.view(image, mask)
    assert found[0].saliency_change > view.guard(view.pick(order[0])).saliency_change


def test_edits_that_look_alike_have_alike_numbers():
    recipe = some_recipe(0)
    alike = dataclasses.replace(recipe, white_balance=recipe.white_balance * 0.7, color_curve=recipe.color_curve * 1.2)
    torch.testing.assert_close(tone_numbers(alike), tone_numbers(recipe))
    photo = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    full = torch.ones(1, 1, 4, 4)
    torch.testing.assert_close(apply(photo, full, alike), apply(photo, full, recipe))
    assert float((tone_numbers(some_recipe(1)) - tone_numbers(recipe)).abs().max()) > 0.05


def test_samples_are_the_regions_of_the_bank_and_follow_from_their_seed(tmp_path, regions, network):
    data = BankedRegions(network, regions[:5], banked(tmp_path / "edits.jsonl", [*regions[:2], regions[5]]))
    assert len(data) == 2  # the last one does not train
    first, again, other = data[0, 3], data[0, 3], data[0, 4]
    assert torch.equal(first["points"], again["points"]) and not torch.equal(first["points"], other["points"])
    assert torch.equal(first["order"], data.edits[0].recipe.order[0])
    with pytest.raises(InputError, match="no edit of a region that trains"):
        BankedRegions(network, regions[3:5], banked(tmp_path / "others.jsonl", regions[:2]))


def test_any_other_network_is_shown_the_photos(tmp_path, regions, network):
    photos = RegionDataset(regions[:5], 48, augment=True)
    data = BankedPhotos(photos, banked(tmp_path / "edits.jsonl", regions[1:3]))
    assert len(data) == 2 and torch.equal(data[1]["image"], photos[2]["image"])
    assert torch.equal(data[0, 3]["image"], photos[1, 3]["image"])  # augmented by the same seed
    assert torch.equal(data[1]["exposure"], data.edits[1].recipe.exposure[0])
    with pytest.raises(InputError, match="no edit of a region that trains"):
        BankedPhotos(photos, banked(tmp_path / "others.jsonl", [regions[5]]))


@pytest.mark.parametrize("kind", ["things", "editnet"])
def test_an_enhancer_comes_to_propose_the_edits_of_the_bank(kind, tmp_path, regions, network, tiny_weights):
    from realistic_editing.weights import load_network

    judges = Judges(*(load_network(tiny_weights[role]) for role in ("critic", "saliency")))
    network = network if kind == "things" else EditNet("tf_efficientnet_lite0", input_size=32)
    bank = banked(tmp_path / "edits.jsonl", regions)
    problem = BankProblem(network, judges, regions, 48, Objective(-1.0), bank, augment=kind == "editnet")
    batch = next(iter(DataLoader(problem.train_data, batch_size=5)))
    trained = network.train()
    rate = 0.01 if kind == "things" else 0.002
    optimizer = torch.optim.Adam([one for one in trained.parameters() if one.requires_grad], rate)
    losses = []
    for _ in range(60):
        terms = problem.losses(trained, batch, torch.Generator())
        optimizer.zero_grad()
        terms["total"].backward()
        optimizer.step()
        losses.append(float(terms["total"].detach()))
    assert np.mean(losses[-5:]) < 0.5 * losses[0]
    assert problem.evaluate(network.eval(), torch.device("cpu"))["loss"] > 0


def test_photos_that_are_not_looked_at_again_are_not_augmented(tmp_path, regions, network, tiny_weights):
    from realistic_editing.weights import load_network

    judges = Judges(*(load_network(tiny_weights[role]) for role in ("critic", "saliency")))
    with pytest.raises(InputError, match="add augment=false"):
        BankProblem(network, judges, regions, 48, Objective(-1.0), banked(tmp_path / "e.jsonl", regions), augment=True)
