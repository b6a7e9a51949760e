"""What the settings of a training run may be; apart from the loop, so that a mistake is found before PyTorch is imported."""
from realistic_editing.common.ranges import Choice, Either, Flag, Many, Number, Text, optional

_COUNT = Number(1, 10**9, whole=True)
_SHARE = Number(0, 1)
_DECAY = Number(0, 1, below=True)
_COUNTED = Number(1, 1024, whole=True)  # and -1: all that there are
TRAINER_RANGES = {
    "steps": optional(_COUNT),
    "batch_size": Number(1, 2**20, whole=True),
    "optimizer": Choice(("adam", "adamw")),
    "learning_rate": Number(0, 10),  # 0 trains nothing, as a check may want
    "pretrained_rate": Number(0, 1000),
    "weight_decay": Number(0, 100),
    "betas": Many(_DECAY, 2),
    "schedule": Choice(("constant", "cosine", "one_cycle")),
    "warmup": _SHARE,
    "accumulate": Number(1, 2**20, whole=True),
    "clip_gradient": Number(0),
    "ema": _DECAY,
    "precision": Choice(("32-true", "bf16-mixed", "16-mixed", "bf16-true", "16-true", "64-true")),
    "accelerator": Choice(("auto", "cpu", "cuda", "gpu", "mps", "tpu")),
    "devices": Either((_COUNTED, Number(-1, -1, whole=True), Text("auto|[0-9, ]+", "auto"), Many(Number(0, 1024, whole=True)))),
    "nodes": Number(1, 4096, whole=True),
    "workers": Number(0, 1024, whole=True),
    "compile": Flag(),
    "window": optional(Number(0, 10**6, whole=True)),
    "seed": Number(0, 2**63 - 1, whole=True),
    "log_every": _COUNT,
    "evaluate_every": _COUNT,
    "save_every": _COUNT,
    "smoke": Flag(),
}
