"""`python -m rgbt_perception.evaluation.fusion_comparison`: our fused pictures beside simple ones.

Registered pairs are fused by the pipeline's own scene stage, at full size, and by averaging,
maximum and a Laplacian pyramid; all are scored by the same measures.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import cv2
import numpy as np

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.config import EngineConfig, ThermalConfig
from rgbt_perception.engines.choice import make_scene_engine
from rgbt_perception.errors import UsageError
from rgbt_perception.evaluation.fusion_baselines import BASELINES, names_of
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS, Luminance, fusion_metrics
from rgbt_perception.evaluation.fusion_scores import (
    FusionScore,
    fusion_cells,
    fusion_table,
    write_scores,
)
from rgbt_perception.evaluation.image_folders import match_sources, read_luminance
from rgbt_perception.frames import ColorImage, Pinhole, RgbFrame, ThermalFrame
from rgbt_perception.recording.pictures import read_picture
from rgbt_perception.scene.stage import SceneStage, SceneView, SceneWanted
from rgbt_perception.sensing.thermal import ThermalNormalizer

OURS = "rgbt"
COMPARED = ("MI", "VIF", "Qabf", "SSIM", "SCD", "CC", "AG")
"""Measures by which a lead is counted."""

_FUSED = SceneWanted(fused=True)
_SHIPPED = "scene"


def fuse_aligned(stage: SceneStage, visible: ColorImage, thermal: Luminance) -> ColorImage:
    """Fuse one registered pair as the pipeline does with its default configuration.

    Args:
        stage: with the scene network.
        visible: (H, W, 3) uint8 RGB.
        thermal: (H, W) uint8.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    height, width = thermal.shape
    # Both see the same rays, so the focal length decides nothing, and neither does the depth.
    camera = Pinhole(width, height, width, width, (width - 1) / 2, (height - 1) / 2)
    picture = ThermalNormalizer(ThermalConfig()).normalize(thermal, 0)
    view = SceneView(camera, camera, np.eye(4), picture)
    depth = np.full((height, width), np.nan, np.float32)
    frames = RgbFrame(visible, 0), ThermalFrame(picture, None, 0)
    fused = stage.process(*frames, view, depth, _FUSED, lambda name: None).fused
    assert fused is not None, "it was asked for"
    return fused


def leads(rows: Mapping[str, Mapping[str, float]], ours: str = OURS) -> list[str]:
    """Those of ``COMPARED`` by which one method is ahead of all others.

    Args:
        rows: means by method.
        ours: which method.
    """
    others = [values for name, values in rows.items() if name != ours]
    return [m for m in COMPARED if all(rows[ours][m] > values[m] for values in others)]


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.argument("visible", metavar="VI_DIR", type=click.Path(path_type=Path))
@click.argument("thermal", metavar="IR_DIR", type=click.Path(path_type=Path))
@click.option(
    "--split",
    metavar="FILE PART",
    nargs=2,
    type=click.Tuple([click.Path(path_type=Path), str]),
    help="Take the names that a JSON file lists under PART, such as split.json test.",
)
@click.option("--scene-model", default=_SHIPPED, help="Shipped model or ONNX file.")
@click.option(
    "--pictures",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write our fused pictures to DIR/<name>.png.",
)
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/fusion"))
def command(
    visible: Path,
    thermal: Path,
    split: tuple[Path, str] | None,
    scene_model: str,
    pictures: Path | None,
    out: Path,
) -> None:
    """Compare our fused pictures with averaging, maximum and a Laplacian pyramid.

    VI_DIR and IR_DIR hold registered pictures of the same names. Prints a table, writes
    fusion.json and fusion.md to --out.
    """
    engine = make_scene_engine(EngineConfig(), scene_model)
    if engine is None:
        raise UsageError("--scene-model: expected a shipped model or an ONNX file")
    stage = SceneStage(engine)
    names = None if split is None else names_of(*split)
    pairs = match_sources((visible, thermal), names).sets
    scores = {name: FusionScore() for name in (*BASELINES, OURS)}
    with progress("fusing and scoring") as show:
        for done, pair in enumerate(pairs, start=1):
            sources = read_luminance(pair)
            fused = {name: fuse(*sources) for name, fuse in BASELINES.items()}
            ours = fuse_aligned(stage, _colours(pair.paths[0]), sources[1])
            fused[OURS] = np.asarray(cv2.cvtColor(ours, cv2.COLOR_RGB2GRAY), np.uint8)
            for name, picture in fused.items():
                scores[name].add(pair.name, fusion_metrics(sources[0], sources[1], picture))
            if pictures is not None:
                _write(pictures / f"{pair.name}.png", ours)
            show(done, len(pairs))
    rows = {name: score.mean() for name, score in scores.items()}
    tree = {name: score.tree() for name, score in scores.items()}
    about = {"scene_model": engine.model, "scene_sha256": engine.digest, "pairs": len(pairs)}
    click.echo(f"{len(pairs)} pairs")
    click.echo(fusion_table(rows, "method"))
    click.echo(_verdict(rows))
    write_scores(out / "fusion.json", {**about, "leads": leads(rows), "methods": tree})
    page = out / "fusion.md"
    words = [str(visible), str(thermal), *(["--split", *map(str, split)] if split else [])]
    words += [] if scene_model == _SHIPPED else ["--scene-model", scene_model]
    page.write_text(_page(rows, about, words), encoding="utf-8")
    click.echo(f"wrote {out / 'fusion.json'}\nwrote {page}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        Exit code: 0 done, 1 the work failed, 2 wrong use.
    """
    return run_alone(command, "fusion_comparison", arguments)


def _verdict(rows: Mapping[str, Mapping[str, float]]) -> str:
    ahead = leads(rows)
    which = f": {', '.join(ahead)}" if ahead else ""
    return f"{OURS} is ahead of all in {len(ahead)} of {', '.join(COMPARED)}{which}"


def _page(
    rows: Mapping[str, Mapping[str, float]], about: Mapping[str, object], words: Sequence[str]
) -> str:
    head = ("method", *FUSION_METRICS)
    lines = [" | ".join(head), " | ".join(["---", *["---:"] * len(FUSION_METRICS)])]
    lines += [" | ".join([name, *fusion_cells(values)]) for name, values in rows.items()]
    facts = "\n".join(f"- {name}: {value}" for name, value in about.items())
    table = "\n".join(f"| {line} |" for line in lines)
    return f"""# Fusion

```sh
python -m rgbt_perception.evaluation.fusion_comparison \\
    {" ".join(words)}
```

{facts}

{table}

{OURS}: the pipeline's fused picture at full size, thermal pictures normalised as by default.
laplacian: the stronger detail of both in four levels, the mean below. Means over the pairs, against
the pictures as they are; more is better everywhere, though noise raises EN, SD, SF and AG too.

{_verdict(rows)}.
"""


def _colours(path: Path) -> ColorImage:
    """A picture that was read before, (H, W, 3) uint8 RGB."""
    picture = read_picture(path)
    if picture.ndim == 2 or picture.shape[2] == 2:
        grey = picture if picture.ndim == 2 else picture[..., 0]
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2RGB))
    return np.asarray(cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2RGB))


def _write(path: Path, picture: ColorImage) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    data.tofile(path)


if __name__ == "__main__":
    sys.exit(main())
