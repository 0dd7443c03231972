"""`rgbt train`: render what a recipe needs, then train."""

from __future__ import annotations

from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.resources import share


@click.command(short_help="Train a network from a recipe.")
@click.argument("recipe")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Folder of the recordings; what is missing there is simulated first.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Results; default runs/NAME.")
@click.option("--resume", is_flag=True, help="Go on with the last checkpoint in --out.")
def command(recipe: str, data: Path, out: Path | None, resume: bool) -> None:
    """Train with RECIPE, a YAML file or the name of a shipped one.

    Ctrl-C writes a checkpoint first; --resume goes on exactly there.
    """
    try:
        from rgbt_perception.training.fit import fit
        from rgbt_perception.training.gather import gather
        from rgbt_perception.training.recipe_file import load_recipe, recipe_digest
    except ModuleNotFoundError as error:
        raise _not_installed(error) from None
    path = _find(recipe)
    settings = load_recipe(path)
    out = out or Path("runs") / settings.name
    try:
        training, validation = gather(settings, data, progress, click.echo)
    except ModuleNotFoundError as error:
        raise _not_installed(error) from None
    with progress("train") as show:
        last = fit(
            settings,
            recipe_digest(path),
            training,
            validation,
            out,
            resume=resume,
            progress=show,
            tell=click.echo,
        )
    click.echo(f"{last}: done; next: rgbt export {last} --out MODEL.onnx")


def _find(recipe: str) -> Path:
    path = Path(recipe)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return path
    shipped = {file.stem: file for file in sorted(share("config/recipes").glob("*.yaml"))}
    if recipe not in shipped:
        raise InputError(
            f"recipe {recipe!r}: neither a file nor one of the shipped recipes: "
            f"{', '.join(shipped)}"
        )
    return shipped[recipe]


def _not_installed(error: ModuleNotFoundError) -> RgbtError:
    return RgbtError(
        f"{error.name} is not installed; training needs: pip install 'rgbt_perception[train,sim]'"
    )
