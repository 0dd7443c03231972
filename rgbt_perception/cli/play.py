"""`rgbt play`: publish a recording over DDS, without ROS."""

from __future__ import annotations

from pathlib import Path

import click

from rgbt_perception.cli.progress import progress

# Below this a message counts as on time.
_LATE_S = 0.1


@click.command(short_help="Publish a recording over DDS.")
@click.argument("bag", type=click.Path(path_type=Path))
@click.option("--domain", type=int, help="DDS domain; ROS_DOMAIN_ID or 0 by default.")
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 100.0),
    default=1.0,
    show_default=True,
    help="How many times as fast as recorded.",
)
@click.option("--loop", is_flag=True, help="Start again at the end, until Ctrl-C.")
@click.option("--clock", is_flag=True, help="Also publish the recording's time on /clock.")
@click.option(
    "--delay",
    type=click.FloatRange(0.0, 3600.0),
    default=1.0,
    show_default=True,
    help="Seconds before the first message, for subscribers to find the topics.",
)
def command(
    bag: Path, domain: int | None, rate: float, loop: bool, clock: bool, delay: float
) -> None:
    """Publish every topic of the recording BAG over DDS, as a node that ROS 2 sees.

    Needs no ROS. Each topic keeps its name, its type and the quality of service it was recorded
    with; the stamps stay as recorded, so with --loop they jump back at each start.
    """
    # Only here, so that `rgbt --help` works without Cyclone DDS.
    from rgbt_perception.live.configuration import network_from_environment
    from rgbt_perception.live.play import NODE, PlayOptions, PlayReport, play

    network = network_from_environment(domain)
    options = PlayOptions(rate=rate, loop=loop, clock=clock, delay_s=delay)
    report = PlayReport()
    click.echo(f"{bag}: node /{NODE}, domain {network.domain}, rate {rate:g}", err=True)
    try:
        with progress("play") as show:
            play(bag, network, options, report, show)
    except KeyboardInterrupt:
        # The one way to end a loop.
        if not loop:
            raise
    finally:
        for note in report.notes:
            click.echo(f"note: {note}", err=True)
        if report.late_s > _LATE_S:
            click.echo(f"note: up to {report.late_s:.1f} s late: too slow here", err=True)
    click.echo(f"{report.sent} messages sent, {report.passes} times from the start")
