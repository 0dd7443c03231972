"""What the colours of labels mean."""

from __future__ import annotations

from collections.abc import Iterable

from rgbt_perception.evaluation import report_page as html
from rgbt_perception.scene.classes import SCENE_CLASSES, UNLABELLED


def label_legend(classes: Iterable[int] | None = None) -> str:
    """Colours and names as HTML.

    Args:
        classes: ids; None = all.
    """
    wanted = set(range(len(SCENE_CLASSES)) if classes is None else classes) - {UNLABELLED}
    return html.legend(
        (item.colour, item.name.replace("_", " "))
        for index, item in enumerate(SCENE_CLASSES)
        if index in wanted
    )
