"""Data, judges and network of a training script, from its Hydra configuration: what is ready to train."""
import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from omegaconf import DictConfig, open_dict
from torch import nn

from realistic_editing.apps.chain import (
    announce,
    choose_attention,
    choose_judges,
    choose_ranking,
    choose_size,
    choose_steps,
    refuse_open,
    say,
)
from realistic_editing.apps.config import instantiate_node
from realistic_editing.apps.option_ranges import check_options
from realistic_editing.apps.regions import a_few_regions, counted, few_to_validate, load_regions, told
from realistic_editing.apps.smoke import FEW_PHOTOS, shrink
from realistic_editing.baselines.gazeshift_training import GazeShiftProblem
from realistic_editing.common.errors import InputError
from realistic_editing.common.protocols import StartsFromSaliency
from realistic_editing.data.columnar import Columnar
from realistic_editing.data.gaze import read_gaze
from realistic_editing.data.photos import training_photos
from realistic_editing.data.regions import Region
from realistic_editing.enhance.adversarial import AdversarialProblem
from realistic_editing.enhance.bank import Bank
from realistic_editing.enhance.bank_training import NOT_AUGMENTED, BankProblem
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.training import EnhanceProblem
from realistic_editing.evaluation.measures.samples import spread
from realistic_editing.realism.kinds_training import CriticKindsProblem, few_of_each_kind
from realistic_editing.realism.things_training import ThingsProblem
from realistic_editing.realism.training import RealismProblem, check_settings
from realistic_editing.saliency.training import SaliencyProblem
from realistic_editing.selection.things import few_things, read_things
from realistic_editing.selection.training import KindsProblem, SelectorProblem
from realistic_editing.training import Problem, Trainer
from realistic_editing.weights import describe_file, load_network
from realistic_editing.weights.pretrained import load_backbone
from realistic_editing.weights.registry import fill, name_of

SAMPLES = {"table1": RealismProblem, "things": ThingsProblem}  # what train_realism.py learns from; and KINDS_OF_THINGS
_NAMED = "ecssd"  # the set whose objects, without categories, an ImageNet classifier names
KINDS_OF_THINGS = "kinds"  # no edits, but what things are


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What is ready to train.

    Args:
        problem, trainer: see `training.fit`.
        card: what else the weights will say of themselves.
    """

    problem: Problem
    trainer: Trainer
    card: dict[str, Any] = dataclasses.field(default_factory=dict)


def prepare_saliency(config: DictConfig) -> Prepared:
    """Data and network of `train_saliency`."""
    trainer = _begun("train_saliency", config)
    teachers = [load_network(weights, kind="saliency") for weights in config.teachers]
    torch.manual_seed(config.trainer.seed)  # decides the initial weights
    network = _network(config, "saliency")
    choose_size(config, network)
    photos, few = read_gaze(config.paths.data, config.sets), FEW_PHOTOS if config.trainer.smoke else None
    if few:
        sides = [[one for one in photos if one.split == side] for side in ("train", "val")]
        photos = [one for side in sides for one in spread(side, few)]
    counts = Counter(photo.source for photo in photos if photo.split == "train")
    say(f"learns from {', '.join(f'{count} photos of {name}' for name, count in counts.items())}")
    problem = SaliencyProblem(
        network,
        photos,
        size=tuple(config.size),
        weights=config.weights,
        zoom=config.zoom,
        jitter=config.jitter,
        teachers=teachers,
        teacher_weight=config.teacher_weight,
        unlabelled=training_photos(config.paths.data, few) if config.unlabelled else (),
        regions=_regions(config) if config.ranked.weight else (),
        ranked=config.ranked,
    )
    return Prepared(problem, trainer)


def prepare_realism(config: DictConfig) -> Prepared:
    """Data and network of `train_realism`."""
    trainer, edits = _begun("train_realism", config), instantiate_node(config.edits, "edits")
    if trainer.compile and (config.pixels_per_zone or config.loss.guess or config.loss.patches):
        remedy = "add pixels_per_zone=0 loss.guess=0 loss.patches=0, or leave it out"
        raise InputError(f"trainer.compile compiles whole pictures alone; {remedy}")
    torch.manual_seed(config.trainer.seed)
    if config.samples == KINDS_OF_THINGS:
        return _prepare_kinds(config, trainer)
    network = _network(config, "realism")
    choose_size(config, network)
    choose_ranking(config)
    check_settings(network, config.size, config.loss, config.pixels_per_zone)
    if config.samples not in SAMPLES:
        raise InputError(f"samples is {config.samples!r}; use {', '.join(SAMPLES)} or {KINDS_OF_THINGS}")
    loss = config.loss
    if config.samples == "things" and (
        config.pixels_per_zone or loss.guess or loss.patches or config.teacher or loss.kind != "cross_entropy"
    ):
        raise InputError(
            "samples=things needs pixels_per_zone=0 loss.guess=0 loss.patches=0 teacher=null loss.kind=cross_entropy"
        )
    if bool(config.teacher) != bool(loss.teacher) or (config.teacher and config.pixels_per_zone):
        raise InputError(
            f"teacher is {config.teacher} and loss.teacher {loss.teacher}; name weights, give them a weight above 0, and "
            "set pixels_per_zone=0, or leave out both"
        )
    teacher = load_network(config.teacher, kind="realism") if config.teacher else None
    if config.samples == "table1":
        loss = {name: weight for name, weight in loss.items() if name != "people"}  # which only samples of things have
    problem = SAMPLES[config.samples](
        network,
        _regions(config),
        size=config.size,
        edits=edits,
        loss=loss,
        human=config.human,
        pixels_per_zone=config.pixels_per_zone,
        augment=config.augment,
        teacher=teacher,
    )
    return Prepared(problem, choose_steps(config, trainer, problem))


def _prepare_kinds(config: DictConfig, trainer: Trainer) -> Prepared:
    """Teach a trained critic what things are, and leave the rest of it as it is."""
    found = describe_file(config.initial) if config.initial else {"network": None}
    if found["network"] != name_of(config.model.network._target_):
        raise InputError(
            f"samples=kinds goes on from a trained critic that sees things, and initial is {config.initial}; add preset=lite "
            "initial=lite_critic"
        )
    if config.teacher or trainer.compile:
        raise InputError("samples=kinds needs teacher=null trainer.compile=false")
    with open_dict(config):
        config.model.network.update(found["config"])
    network = _network(config, "realism")
    choose_size(config, network)
    things = [thing for thing in read_things(config.paths.data) if thing.category or thing.name.startswith(_NAMED)]
    namer = load_backbone(config.namer, "package").eval() if config.namer else None
    problem = CriticKindsProblem(network, few_of_each_kind(things) if trainer.smoke else things, namer)
    card = {"began_as": {name: value for name, value in found["card"].items() if name != "began_as"}}
    return Prepared(problem, choose_steps(config, trainer, problem), card)


def prepare_enhancer(config: DictConfig) -> Prepared:
    """Data, judges and network of `train_enhancer`."""
    # What can be wrong with the command is found before regions are built, which may take hours.
    trainer, objective = _begun("train_enhancer", config), instantiate_node(config.objective, "objective")
    if trainer.compile and (config.pixels_per_zone or config.adversarial):
        remedy = "add pixels_per_zone=0 adversarial=false, or leave it out"
        raise InputError(f"trainer.compile compiles whole pictures alone; {remedy}")
    bank = _bank(config) if config.bank else None
    choose_judges(config)
    choose_ranking(config, config.saliency.weights)
    choose_attention(config)
    critic = load_network(config.realism.weights, kind="realism")
    saliency = load_network(config.saliency.weights, kind="saliency")
    torch.manual_seed(config.trainer.seed)
    network = _network(config, "enhancer")
    choose_size(config, network)
    if isinstance(network, StartsFromSaliency) and not config.initial:
        network.start_from(load_network(config.model.attention, kind="saliency"))
    wanted = ("", config.task.name)  # sets with one mask a photo rank nothing, and serve both tasks
    regions = _regions(config, lambda task: task in wanted)
    options = {name: config[name] for name in ("size", "pixels_per_zone", "damage", "augment")} | {"objective": objective}
    judges = Judges(critic, saliency)
    if bank:
        problem = BankProblem(network, judges, regions, config.size, objective, bank, config.augment)
    elif config.adversarial:
        discriminator = instantiate_node(config.realism.network, "realism.network")
        problem = AdversarialProblem(network, discriminator, judges, regions, **options)
    else:
        problem = EnhanceProblem(network, judges, regions, **options)
    card = {"task": config.task.name, "objective": dataclasses.asdict(objective)}
    return Prepared(problem, choose_steps(config, trainer, problem), card)


def _bank(config: DictConfig) -> Bank:
    """The edits to learn, which must be of the task that is trained for."""
    if config.trainer.smoke:
        raise InputError("trainer.smoke: takes other regions than a bank's; leave out bank, or trainer.smoke")
    if config.adversarial or config.damage:
        raise InputError("bank: its edits are of regions with masks as they are; add adversarial=false damage=0")
    if config.augment and config.model.network["_target_"].endswith(".LiteEnhancer"):
        raise InputError(f"augment is true; {NOT_AUGMENTED}")
    bank = Bank(config.bank)
    if bank.settings.get("task") != config.task.name:
        raise InputError(f"{config.bank}: holds edits for task={bank.settings.get('task')}; task is {config.task.name}")
    return bank


def prepare_gazeshift(config: DictConfig) -> Prepared:
    """Data and networks of `train_gazeshift`."""
    trainer = _begun("train_gazeshift", config)
    saliency = load_network(config.saliency.weights, kind="saliency")
    torch.manual_seed(config.trainer.seed)
    network, discriminator = _network(config, "baseline"), instantiate_node(config.discriminator, "discriminator")
    regions = _regions(config)
    options = {"size": config.size, "weight": config.weight, "sharpness": config.sharpness}
    return Prepared(GazeShiftProblem(network, discriminator, saliency, regions, **options), trainer)


def prepare_selector(config: DictConfig) -> Prepared:
    """Data and networks of `train_selector`."""
    trainer = _begun("train_selector", config)
    if config.learn == "kinds" and not config.initial:
        raise InputError("learn=kinds needs a network that selects; add initial=FILE, which learn=masks made")
    torch.manual_seed(config.trainer.seed)
    network = _network(config, "selector")
    things = few_things(config.paths.data) if trainer.smoke else read_things(config.paths.data)
    problem = SelectorProblem(network, things) if config.learn == "masks" else KindsProblem(network, things)
    say(f"learns from {counted(len(problem.train_data), 'thing')}; validates on {counted(len(problem.val_data), 'thing')}")
    return Prepared(problem, trainer)


def _begun(script: str, config: DictConfig) -> Trainer:
    """The first lines of a run, which may be a smoke run, and its trainer; what is left open is refused."""
    check_options(script, config)
    shrink(config)
    announce(script, config)
    refuse_open(config)
    return instantiate_node(config.trainer, "trainer")


def _regions(config: DictConfig, wanted: Callable[[str], bool] | None = None) -> Columnar[Region]:
    """The regions that train and validate, of the tasks that are wanted; says what they are."""
    regions = a_few_regions(config, FEW_PHOTOS) if config.trainer.smoke else load_regions(config)
    regions = regions if wanted is None else regions.where("task", wanted)
    regions = few_to_validate(regions, config.regions.val_regions)
    say(told(regions, config.regions.folders))
    return regions


def _network(config: DictConfig, kind: str) -> nn.Module:
    """The network to train, with the values of `config.initial` where that names weights.

    It is made before regions are built, which may take hours, so that a wrong file is named at once.
    """
    network = instantiate_node(config.model.network, "model.network")
    if config.initial:
        state = load_network(config.initial, kind=kind).state_dict()
        fill(network, state, config.initial, "start from a network with the same model.network")
    return network
