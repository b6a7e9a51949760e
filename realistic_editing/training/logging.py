"""What a run shows: a progress bar with losses and speed, and TensorBoard scalars and pictures."""
import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from lightning_fabric import Fabric
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams
from tqdm import tqdm

from realistic_editing.training.settings import flatten


class Log:
    """Progress and TensorBoard of one run; every process but the first is silent.

    Args:
        output: the run's folder; the TensorBoard files go below it.
        first: steps done before this start.
        trainer: for steps, batch size and intervals.
        fabric: for the mean of a loss over processes.
        settings: of the whole run, nested; TensorBoard shows them as text, and each as a hyperparameter.
        monitor: the measure by which TensorBoard compares runs.
    """

    def __init__(
        self, output: Path, first: int, trainer, fabric: Fabric, settings: Mapping[str, Any] | None = None, monitor: str = ""
    ) -> None:
        self.trainer, self.fabric, self.first, self.done = trainer, fabric, first, first
        self.enabled = enabled = fabric.is_global_zero
        # TensorBoard forgets the steps from purge_step on: those that a run had taken after what it goes on from.
        writes = enabled and first < trainer.steps
        self.writer = SummaryWriter(str(output / "tensorboard"), purge_step=first + 1) if writes else None
        if writes and settings:
            _write_settings(self.writer, settings, f"validation/{monitor}")
        self.bar = tqdm(total=trainer.steps, initial=first, unit="step", disable=not enabled, dynamic_ncols=True)
        self.waited, self.since, self.since_step = 0.0, time.perf_counter(), first
        self.started, self.waited_in_all, self.started_at_work = self.since, 0.0, time.process_time()
        self.unread: list[tuple[int, dict[str, torch.Tensor]]] = []

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time inside as time spent waiting for data."""
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        self.waited += seconds
        self.waited_in_all += seconds

    def step(self, done: int, losses: dict[str, torch.Tensor], rate: float) -> None:
        """Advance the bar; every `log_every` steps read the losses and write them.

        Args:
            done: steps done, this one included.
            losses: of this process, scalars by name.
            rate: the learning rate of the step.

        Raises:
            FloatingPointError: when a loss since the last reading is not finite.
        """
        self.bar.update(1)
        self.done = done
        self.unread.append((done, losses))
        if done % self.trainer.log_every and done != self.trainer.steps:
            return
        values = self.read_losses()
        if not self.enabled:
            return
        spent = time.perf_counter() - self.since
        speed = (done - self.since_step) * self.trainer.batch_size / spent
        scalars = {f"train/{name}": value for name, value in values.items()}
        scalars |= {"speed/images_per_s": speed, "speed/share_waiting_for_data": self.waited / spent, "train/rate": rate}
        for name, value in scalars.items():
            self.writer.add_scalar(name, value, done)
        shown = {name: f"{value:.3f}" for name, value in values.items()}
        self.bar.set_postfix(shown | {"img/s": f"{speed:.1f}"}, refresh=False)
        self.waited, self.since, self.since_step = 0.0, time.perf_counter(), done

    def read_losses(self) -> dict[str, float]:
        """The losses of the last step, means over processes, all since the last reading having been checked.

        The loop's only wait for the device and for other processes' losses, so every process must call it at the same
        steps. Called before anything is kept, so that no checkpoint holds what a loss that is not finite has left.

        Raises:
            FloatingPointError: naming the first loss that is not finite, and its step; in every process.
        """
        if not self.unread:
            return {}
        names = list(self.unread[0][1])
        table = torch.stack([torch.stack([losses[name].float() for name in names]) for _, losses in self.unread])
        rows = self.fabric.all_reduce(table, reduce_op="mean").tolist()  # (steps, losses)
        for (done, _), row in zip(self.unread, rows, strict=True):
            for name, value in zip(names, row, strict=True):
                if not math.isfinite(value):
                    raise FloatingPointError(
                        f"loss {name!r} is {value} at step {done}; lower trainer.learning_rate or set trainer.clip_gradient"
                    )
        self.unread.clear()
        return dict(zip(names, rows[-1], strict=True))

    def measures(
        self, step: int, measures: dict[str, float], sheet: np.ndarray | None, seconds: float, at_work: float = 0.0
    ) -> None:
        """Write an evaluation's measures and picture, and print the measures; it took seconds, and processor seconds."""
        self.since += seconds  # evaluation is not training speed
        self.started += seconds
        self.started_at_work += at_work
        for name, value in measures.items():
            self.writer.add_scalar(f"validation/{name}", value, step)
        if sheet is not None:
            self.writer.add_image("validation", sheet, step, dataformats="HWC")
        self.writer.flush()
        text = "  ".join(f"{name} {value:.4f}" for name, value in measures.items())
        self.bar.write(f"step {step}: {text}")

    def speed(self) -> dict[str, float]:
        """Of all steps since this start, evaluations left out.

        Returns:
            {"steps", "images_per_s", "share_waiting_for_data", "processor_seconds_per_image"}: images over all processes, the
            share of the time that the first process spent waiting for its next batch, and what its threads took of the
            processor, by which speed is known on a machine that does other work as well.
        """
        steps, spent = self.done - self.first, time.perf_counter() - self.started
        images = steps * self.trainer.batch_size
        share, at_work = self.waited_in_all / spent, time.process_time() - self.started_at_work
        own = max(images / self.fabric.world_size, 1)
        return {
            "steps": steps, "images_per_s": round(images / spent, 2), "share_waiting_for_data": round(share, 4),
            "processor_seconds_per_image": round(at_work / own, 3),
        }  # fmt: skip

    def close(self) -> None:
        """End the bar and the TensorBoard file."""
        self.bar.close()
        if self.writer is not None:
            self.writer.close()


def _write_settings(writer: SummaryWriter, settings: Mapping[str, Any], measure: str) -> None:
    """The settings as text, and as what the tab HPARAMS sorts and compares runs by.

    `SummaryWriter.add_hparams` would begin a run of its own for them, apart from the curves.
    """
    writer.add_text("config", f"```yaml\n{yaml.safe_dump(dict(settings), sort_keys=False)}```")
    plain = (bool, int, float, str)
    shown = {name: value if isinstance(value, plain) else str(value) for name, value in flatten(settings).items()}
    for summary in hparams(shown, {measure: 0})[:2]:  # what they are, and their values; the measure comes as its curve
        writer.file_writer.add_summary(summary)
    writer.flush()
