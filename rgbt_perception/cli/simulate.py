"""`rgbt simulate`: a recording with ground truth."""

from __future__ import annotations

import os
from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.sizes import SIZE
from rgbt_perception.simulation.conditions import Light, SceneName, Weather
from rgbt_perception.simulation.dropout import parse_dropout
from rgbt_perception.simulation.recorder import record_scenario
from rgbt_perception.simulation.scenario import Scenario


@click.command("simulate", short_help="Simulate a recording with ground truth.")
@click.option("--scene", type=click.Choice([s.value for s in SceneName]), required=True)
@click.option("--light", type=click.Choice([x.value for x in Light]), required=True)
@click.option("--weather", type=click.Choice([w.value for w in Weather]), required=True)
@click.option("--seconds", type=float, default=10.0, show_default=True, help="Length.")
@click.option("--rate", type=float, default=10.0, show_default=True, help="Of both cameras, Hz.")
@click.option("--seed", type=int, default=0, show_default=True, help="Equal seeds, equal bytes.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="MCAP file to write.")
@click.option("--rgb-size", type=SIZE, default="640x480", show_default=True)
@click.option("--thermal-size", type=SIZE, default="320x256", show_default=True)
@click.option("--jobs", type=int, default=0, help="Processes; 0 = one for each core.")
@click.option("--compressed", is_flag=True, help="JPEG, PNG and compressedDepth pictures.")
@click.option("--shutter", is_flag=True, help="The thermal picture freezes now and then.")
@click.option(
    "--dropout",
    "dropouts",
    multiple=True,
    metavar="CAMERA:FROM-TO",
    help="A camera is silent between two times, seconds; may be repeated.",
)
def command(
    scene: str,
    light: str,
    weather: str,
    seconds: float,
    rate: float,
    seed: int,
    out: Path,
    rgb_size: tuple[int, int],
    thermal_size: tuple[int, int],
    jobs: int,
    compressed: bool,
    shutter: bool,
    dropouts: tuple[str, ...],
) -> None:
    """Simulate an RGB-thermal recording with true depth and labels (extra: sim)."""
    scenario = Scenario(
        SceneName(scene),
        Light(light),
        Weather(weather),
        seconds,
        rate,
        seed,
        rgb_size,
        thermal_size,
        compressed,
        shutter,
        tuple(parse_dropout(text) for text in dropouts),
    )
    with progress("simulating") as show:
        record_scenario(scenario, out, jobs or os.cpu_count() or 1, show)
