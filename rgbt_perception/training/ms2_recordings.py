"""Recordings of the MS2 data set that a recipe asks for, imported once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rgbt_perception.errors import InputError
from rgbt_perception.recording.ms2_folder import Ms2Truth, present_sequences
from rgbt_perception.recording.ms2_importer import import_ms2_sequence
from rgbt_perception.recording.ms2_splits import SPLITS
from rgbt_perception.training.recipe import Ms2Config


def import_missing(
    ms2: Ms2Config,
    split: str,
    every: int,
    folder: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Import the sequences of a split that are not there yet.

    A recording appears under its name only when it is complete, so an interrupted run goes on
    where it stopped.

    Args:
        ms2: where the data set is and which truth is wanted.
        split: published split.
        every: take every n-th pair.
        folder: where recordings are kept.
        progress: told the number of recordings that are there.
        tell: told in one line which sequences are used, and what an import notes.

    Returns:
        Their paths, in the order of the published list.

    Raises:
        InputError: not the data set's folder, or none of the split's sequences is in it.
    """
    source = Path(ms2.folder)
    if not source.is_dir():
        raise InputError(
            f"data.ms2.folder {source}: no such folder; the MS2 data set is not downloaded by "
            "itself: put it there or name its folder in the recipe"
        )
    wanted = SPLITS[split]
    present = set(present_sequences(source))
    names = [name for name in wanted if name in present]
    if not names:
        raise InputError(
            f"{source}/sync_data: no sequence of the {split} split, expected some of "
            f"{', '.join(wanted)}"
        )
    tell(f"MS2 {split}: {len(names)} of {len(wanted)} sequences, every {every}. pair")
    folder.mkdir(parents=True, exist_ok=True)
    truth = Ms2Truth(ms2.truth)
    paths = []
    for done, name in enumerate(names, start=1):
        path = folder / f"ms2{name}-{truth.value}-every{every}.mcap"
        if not path.exists():
            partial = path.with_name(f"partial-{path.name}")
            summary = import_ms2_sequence(source, name, truth, partial, every)
            partial.replace(path)
            for note in summary.notes:
                tell(f"{name}: {note}")
        paths.append(path)
        progress(done, len(names))
    return paths
