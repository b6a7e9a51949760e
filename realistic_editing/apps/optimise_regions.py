"""Optimise the edits of many regions, on all cores, into a bank that an enhancer can learn from."""
import concurrent.futures
import json
import multiprocessing
import os
import zlib
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from tqdm import tqdm

from realistic_editing.apps.option_ranges import check_options
from realistic_editing.apps.regions import load_regions
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import alone_in
from realistic_editing.common.processes import begin_worker
from realistic_editing.data.regions import Region
from realistic_editing.enhance.bank import Bank, BankedEdit, optimised, orders_of, region_key
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.weights import fingerprint

Job = tuple[Region, list[tuple[int, ...]]]
_enhancer: Enhancer | None = None  # of a worker process
_steps = 0


def optimise_regions(config: DictConfig) -> Path:
    """Optimise each region's edit in some orders; what the bank holds already is kept, so that a stopped run goes on.

    Args:
        config: as configs/optimise_regions.yaml.

    Returns:
        The bank's path.

    Raises:
        InputError: when weights or regions cannot be used, or the bank was made with other settings.
    """
    check_options("optimise_regions", config)
    path = Path(config.output)
    enhancer = _loaded(config)
    settings = _settings(config, enhancer)
    with alone_in(path.parent, f".{path.name}.lock", "run"):
        bank = Bank(path, settings)
        regions = load_regions(config, (config.split,)).where("task", ("", enhancer.task).__contains__)
        chosen = sorted(regions, key=_shuffled)[: config.limit]  # so that a bank that is not full yet is a fair sample
        jobs = _missing(bank, chosen, config.orders)
        left = sum(len(orders) for _, orders in jobs)
        print(f"{path}: holds {len(bank.edits)} edits; makes {left} more, of {len(jobs)} regions", flush=True)
        _fill(bank, jobs, config)
    print(f"{path}: {len(bank.edits)} edits; train with train_enhancer.py experiment=banked task={enhancer.task} bank={path}")
    return path


def _loaded(config: DictConfig) -> Enhancer:
    enhancer = Enhancer.from_pretrained(config.weights, **config.judges)
    if enhancer.objective is None:
        raise InputError(f"weights is {config.weights}, which names no objective to lower; use weights that training wrote")
    return enhancer


def _settings(config: DictConfig, enhancer: Enhancer) -> dict[str, Any]:
    """All that decides an edit: a bank holds edits of one kind."""
    networks = {"weights": enhancer.network, "critic": enhancer.critic, "saliency": enhancer.saliency}
    marks = {name: fingerprint(network) for name, network in networks.items()}
    return {"task": enhancer.task, "steps": config.steps, "objective": enhancer.objective_fingerprint, **marks}


def _shuffled(region: Region) -> int:
    return zlib.crc32(region_key(region).encode())


def _missing(bank: Bank, regions: list[Region], count: int) -> list[Job]:
    jobs = []
    for region in regions:
        orders = [order for order in orders_of(region, count) if not bank.has(region_key(region), order)]
        if orders:
            jobs.append((region, orders))
    return jobs


def _fill(bank: Bank, jobs: list[Job], config: DictConfig) -> None:
    """Add what the jobs find, as it comes."""
    workers = min(config.workers or os.cpu_count() or 1, max(len(jobs), 1))
    # Spawned: a fork of a process whose libraries have threads may hang.
    pool = concurrent.futures.ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start, (config,))
    try:
        begun = [pool.submit(_optimised, job) for job in jobs]
        for found in tqdm(concurrent.futures.as_completed(begun), "optimise", total=len(jobs), unit="region", disable=not jobs):
            bank.add([BankedEdit.from_content(json.loads(line), "a worker") for line in found.result()])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start(config: DictConfig) -> None:
    global _enhancer, _steps
    begin_worker()
    _enhancer, _steps = _loaded(config), config.steps


def _optimised(job: Job) -> list[str]:
    region, orders = job
    return [edit.to_line() for edit in optimised(_enhancer, region, orders, _steps)]  # a tensor would hold a file open
