"""A training run: loaders, Lightning, logs, checkpoints, and what came out."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch.utils.data import DataLoader

from rgbt_perception.errors import InputError
from rgbt_perception.models.folding import fold_like
from rgbt_perception.training.checkpoint import read_checkpoint
from rgbt_perception.training.dataset import SequentialFrom
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.recipe_file import Recipe
from rgbt_perception.training.starting_weights import load_start
from rgbt_perception.training.systems import Sources, System, system_for

LAST = "last.ckpt"
SUMMARY = "summary.json"
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""


def fit(
    recipe: Recipe,
    recipe_sha256: str,
    training: Sources,
    validation: Sources,
    out: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """Train.

    Writes ``last.ckpt`` (every few minutes, at the end and when interrupted), ``summary.json`` and
    ``logs/`` (CSV; TensorBoard too where it is installed).

    Args:
        recipe: what to do.
        recipe_sha256: digest of its file; a checkpoint is resumed only with the same recipe.
        training, validation: opened recordings (and data sets, of system D).
        out: folder.
        resume: go on with ``out/last.ckpt``: weights, optimiser, schedule and order of the pairs.
        progress: told the optimiser steps.
        tell: told every validation in one line.

    Returns:
        The last checkpoint.

    Raises:
        InputError: nothing to resume, something that would be overwritten, another recipe, no
            checkpoint to start from.
        KeyboardInterrupt: after the checkpoint was written.
    """
    last = out / LAST
    start = _start(last, recipe_sha256, resume)
    schedule = recipe.schedule
    if schedule.threads:
        torch.set_num_threads(schedule.threads)
    torch.manual_seed(recipe.seed)
    system = system_for(recipe, recipe_sha256, training, validation)
    module = system.module
    if resume:
        fold_like(module.network, read_checkpoint(last).weights)
    elif recipe.start_from:
        fresh = load_start(module.network, recipe.start_from)
        if fresh and tell is not None:
            tell(f"{recipe.start_from} has no weights for {', '.join(fresh)}: random ones")
    module.prepare()
    for name in ("lightning.pytorch", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.WARNING)
    watch = _Watch(last, schedule.checkpoint_minutes, progress, tell)
    out.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), _stoppable(watch):
        # About numbers of workers and about resuming in mid-epoch, which is what is wanted.
        warnings.filterwarnings("ignore", module="lightning")
        trainer = lightning.Trainer(
            accelerator="cpu",
            max_steps=schedule.steps,
            val_check_interval=schedule.validate_every,
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            gradient_clip_val=schedule.clip,
            logger=_loggers(out, start),
            log_every_n_steps=20,
            callbacks=[watch],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        with suppress(SIGTERMException):  # how Lightning leaves, after the step
            trainer.fit(
                module,
                _training_loader(recipe, system, start),
                _validation_loader(recipe, system),
                ckpt_path=str(last) if resume else None,
                weights_only=True if resume else None,
            )
    watch.save(trainer)
    _write_summary(out / SUMMARY, recipe, training, validation, trainer, watch)
    if watch.interrupted:
        raise KeyboardInterrupt
    return last


class _Watch(Callback):
    """Checkpoints, progress, and the early end."""

    def __init__(
        self,
        last: Path,
        minutes: float,
        progress: Progress | None,
        tell: Callable[[str], None] | None,
    ) -> None:
        self.interrupted = False
        self.scores: dict[str, float] = {}
        self.started = self._saved = time.monotonic()
        self._last, self._minutes, self._progress, self._tell = last, minutes, progress, tell

    def save(self, trainer: lightning.Trainer) -> None:
        """Write the checkpoint; a reader never sees half of it."""
        partial = self._last.with_suffix(".partial")
        trainer.save_checkpoint(partial)
        partial.replace(self._last)
        self._saved = time.monotonic()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, *_: Any
    ) -> None:
        """After every optimiser step."""
        if self._progress is not None:
            self._progress(trainer.global_step, trainer.max_steps)
        if time.monotonic() - self._saved > 60 * self._minutes:
            self.save(trainer)
        if self.interrupted:
            trainer.should_stop = True
            trainer.limit_val_batches = 0  # whoever pressed Ctrl-C does not want to wait

    def on_validation_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Keep and tell the scores."""
        self.scores = {
            name.removeprefix("validation/"): float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith("validation/")
        }
        if self._tell is not None:
            text = ", ".join(f"{name} {value:.3f}" for name, value in self.scores.items())
            self._tell(f"step {trainer.global_step}: {text}")


@contextmanager
def _stoppable(watch: _Watch) -> Iterator[None]:
    """Ctrl-C or SIGTERM ends the training after the step it is in, a second one at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if watch.interrupted:
            raise KeyboardInterrupt
        watch.interrupted = True

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(last: Path, recipe_sha256: str, resume: bool) -> int:
    """The step to begin with."""
    if not resume:
        if last.exists():
            raise InputError(f"{last} exists: add --resume to go on, or choose another --out")
        return 0
    checkpoint = read_checkpoint(last)
    if checkpoint.recipe_sha256 != recipe_sha256:
        raise InputError(f"{last}: was trained with another recipe; undo the change or start anew")
    return checkpoint.step


def _loggers(out: Path, start: int) -> list[CSVLogger | TensorBoardLogger]:
    version = f"from_step_{start:06d}"
    loggers: list[CSVLogger | TensorBoardLogger] = [CSVLogger(out, "logs", version)]
    if find_spec("tensorboard") is not None:
        loggers.append(TensorBoardLogger(out, "logs", version))
    return loggers


def _training_loader(recipe: Recipe, system: System, start: int) -> DataLoader[Any]:
    schedule = recipe.schedule
    return DataLoader(
        system.training,
        batch_size=schedule.batch,
        sampler=SequentialFrom(start * schedule.batch, schedule.steps * schedule.batch),
        num_workers=schedule.workers,
        collate_fn=collate,
        worker_init_fn=_prepare_worker,
        prefetch_factor=4 if schedule.workers else None,
    )


def _validation_loader(recipe: Recipe, system: System) -> DataLoader[Any]:
    batch = recipe.schedule.batch
    return DataLoader(system.validation, batch_size=batch, collate_fn=collate)


def _prepare_worker(worker: int) -> None:
    # Ctrl-C goes to the whole process group; the parent decides when workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _write_summary(
    path: Path,
    recipe: Recipe,
    training: Sources,
    validation: Sources,
    trainer: lightning.Trainer,
    watch: _Watch,
) -> None:
    """What a model card needs."""
    module = trainer.lightning_module
    summary = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "size": [recipe.width, recipe.height],
        "start_from": recipe.start_from,
        "steps": trainer.global_step,
        "batch": recipe.schedule.batch,
        "minutes_of_this_run": round((time.monotonic() - watch.started) / 60, 1),
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "training": {"recordings": len(training), "pairs": sum(map(len, training))},
        "validation": {"recordings": len(validation), "pairs": sum(map(len, validation))},
        "scores": watch.scores,
    }
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
