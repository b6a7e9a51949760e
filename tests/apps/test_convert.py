"""The authors' checkpoints as files of weights: the same answers, and what a user may get wrong."""
import pytest
import torch

from realistic_editing.apps.cli import main
from realistic_editing.apps.convert import _released
from realistic_editing.enhance.network import EditNet
from realistic_editing.realism.network import RealismNet
from realistic_editing.saliency.emlnet import EMLNet
from realistic_editing.weights import describe_file, load_network
from realistic_editing.weights.released import released_names


def checkpoint(network, name, path):
    """A file as the authors write them."""
    state, names = network.state_dict(), released_names(network, name)
    torch.save({names[key]: value for key, value in state.items()}, path)
    return str(path)


def test_an_editnet_says_its_task_and_gives_the_same_recipes(tmp_path, capsys):
    torch.manual_seed(0)
    network = EditNet(blend="each").eval()
    path = checkpoint(network, "editnet", tmp_path / "editnet_amplify.pth")
    output = tmp_path / "mine.safetensors"
    main(["convert", path, "--as", "editnet", "--output", str(output)])
    assert f"--task amplify --weights {output}" in capsys.readouterr().out
    again = load_network(output, kind="enhancer")
    assert again.card["task"] == "amplify" and again.card["objective"]["saliency_weight"] == 5.0
    image, mask, order = torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64), torch.tensor([[3, 1, 0, 2]])
    with torch.no_grad():
        assert torch.equal(again(image, mask, order).color_curve, network(image, mask, order).color_curve)
    assert again(image, mask, order).blend == "each"


def test_the_objective_is_that_of_the_config():
    from realistic_editing.apps.cli import _compose
    from realistic_editing.apps.config import instantiate_node

    for task in ("attenuate", "amplify"):
        config = _compose("train_enhancer", [f"task={task}", "experiment=paper_enhancer"])
        assert instantiate_node(config.objective, "objective") == _released(task)


def test_judges_are_converted_for_every_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    critic = checkpoint(RealismNet(), "realismnet", tmp_path / "realismnet.pth")
    main(["convert", critic, "--as", "realismnet"])
    assert describe_file("outputs/realismnet.safetensors")["network"] == "pix2pix"
    network = EMLNet()
    parts = {"imagenet": network.imagenet, "places": network.places, "decoder": network.decoder}
    files = [checkpoint(part, f"emlnet_{name}", tmp_path / f"{name}.pth") for name, part in parts.items()]
    main(["convert", *files, "--as", "emlnet"])
    found = describe_file("outputs/emlnet.safetensors")
    assert found["network"] == "emlnet"
    assert [line.split(",")[0] for line in found["card"]["checkpoints"]] == [f"{name}.pth" for name in parts]
    assert "saliency.weights=outputs/emlnet.safetensors" in capsys.readouterr().out


def test_what_cannot_be_converted_is_named(tmp_path, capsys):
    torch.manual_seed(0)
    path = checkpoint(RealismNet(), "realismnet", tmp_path / "net.pth")
    editnet = checkpoint(EditNet(blend="each"), "editnet", tmp_path / "mine.pth")
    picture = tmp_path / "picture.pth"
    picture.write_bytes(b"\xff\xd8\xff\xe0" + bytes(2000))
    before = {file.name for file in tmp_path.iterdir()}
    for words, said in (
        ([editnet, "--as", "editnet"], "--task attenuate or --task amplify"),
        ([str(picture), "--as", "editnet"], "picture.pth: not a checkpoint of tensors, but a picture; name"),
        ([path, "--as", "editnet", "--task", "amplify"], "looks like a checkpoint of realismnet"),
        ([path, "--as", "emlnet"], "made of 3 checkpoints, and 1 was given"),
        ([path, "--as", "realismnet", "--output", path], "ends so"),
        ([str(tmp_path / "none.pth"), "--as", "realismnet"], "none.pth: cannot be read"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(["convert", *words])
        assert stop.value.code == 2 and said in capsys.readouterr().err
    assert {file.name for file in tmp_path.iterdir()} == before
