"""Recordings or data sets joined to one data set of pairs, drawn by turns, put into batches."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import fields
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

Source = TypeVar("Source", bound=Sized)
Batch = TypeVar("Batch")


class JoinedPairs(Dataset[Batch], Generic[Source, Batch]):
    """What training and validation sets share: the pairs of all sources, one after another."""

    def __init__(self, sources: Sequence[Source], width: int, height: int) -> None:
        self.sources = list(sources)
        self.width, self.height = width, height
        self.ends = np.cumsum([len(source) for source in self.sources])

    def __len__(self) -> int:
        """Number of pairs."""
        return int(self.ends[-1])

    def locate(self, index: int) -> tuple[Source, int]:
        """The source of a pair and its number therein."""
        which = int(np.searchsorted(self.ends, index, side="right"))
        start = int(self.ends[which - 1]) if which else 0
        return self.sources[which], index - start


class EachOnce:
    """An endless order of pairs in which all come once before any comes again.

    Args:
        count: of the pairs.
        seed: of the order.
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self._order: tuple[int, np.ndarray[tuple[int], np.dtype[np.int64]]] | None = None

    def __getitem__(self, index: int) -> int:
        """The pair that is drawn as the ``index``-th; a function of the seed and ``index``."""
        epoch, place = divmod(index, self.count)
        if self._order is None or self._order[0] != epoch:
            order = np.random.default_rng((self.seed, 0, epoch)).permutation(self.count)
            self._order = (epoch, order)
        return int(self._order[1][place])


def collate(items: Sequence[Batch]) -> Batch:
    """Several batches to one: dataclasses of tensors, and of such dataclasses, of one type."""
    return _joined(items)


def _joined(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if isinstance(first, Tensor):
        return torch.cat(list(parts))
    values = {item.name: _joined([getattr(p, item.name) for p in parts]) for item in fields(first)}
    return type(first)(**values)
