"""The `rgbt` command: finds the sub-command, turns errors into one line and an exit code."""

from __future__ import annotations

import importlib
import io
import logging
import signal
import sys
import threading
from collections.abc import Sequence

import click

import rgbt_perception
from rgbt_perception.errors import RgbtError, UsageError

# Sub-command to its module; loaded only when called, so that `rgbt replay` needs no simulator.
COMMANDS = {
    "demo": "demo",
    "simulate": "simulate",
    "import": "import_",
    "replay": "replay",
    "play": "play",
    "evaluate": "evaluate",
    "train": "train",
    "export": "export",
    "engine": "engine",
    "benchmark": "benchmark",
    "live": "live",
    "doctor": "doctor",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            module = importlib.import_module(f"rgbt_perception.cli.{COMMANDS[cmd_name]}")
        except RgbtError as error:
            return _unavailable(cmd_name, error)
        command: click.Command = module.command
        return command


def _unavailable(name: str, error: RgbtError) -> click.Command:
    """Stands for a command whose extra is not installed: `rgbt --help` still lists the others."""

    def tell(words: tuple[str, ...]) -> None:
        raise error

    anything = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
    return click.Command(
        name,
        callback=tell,
        params=[anything],
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
        short_help="Not installed; --help tells how.",
    )


@click.command(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(rgbt_perception.__version__, prog_name="rgbt")
@click.pass_context
def group(ctx: click.Context) -> int:
    """Depth, confidence and coloured point clouds from an RGB and a thermal camera.

    Add --debug to any command for the log and for tracebacks.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    click.echo(ctx.get_help(), err=True)
    return 2


def _fail(line: object, code: int) -> int:
    click.echo(f"rgbt: {' '.join(str(line).split())}", err=True)
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit code: 0 done, 1 the work failed, 2 wrong use.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    # File names need not be UTF-8: printing one must not end a command that has done its work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # A stopped service finishes its files as Ctrl-C does.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result = group.main(args=words, prog_name="rgbt", standalone_mode=False)
    except (click.UsageError, UsageError) as error:
        text = error.format_message() if isinstance(error, click.UsageError) else error
        return _fail(text, 2)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted; what was done so far is kept", 1)
    except click.ClickException as error:
        return _fail(error.format_message(), 1)
    except (RgbtError, OSError) as error:
        if debug:
            raise
        return _fail(error, 1)
    except Exception as error:
        if debug:
            raise
        name = type(error).__name__
        return _fail(f"internal error, please report it with --debug: {name}: {error}", 1)
    return result if isinstance(result, int) else 0
