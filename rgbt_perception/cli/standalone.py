"""Runs a command that is a module of its own (``python -m …``) and no part of ``rgbt``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from rgbt_perception.errors import RgbtError, UsageError


def run_alone(
    command: click.Command,
    name: str,
    arguments: Sequence[str] | None = None,
    interrupted: str = "interrupted",
) -> int:
    """Run it; what goes wrong is one line on stderr.

    Args:
        command: whose callback may return its exit code.
        name: in front of that line.
        arguments: of the command line, None = the process's.
        interrupted: what to say after Ctrl-C.

    Returns:
        Exit code: 0 done, 1 the work failed, 2 wrong use.
    """
    try:
        return int(command.main(args=arguments, prog_name=name, standalone_mode=False) or 0)
    except (click.UsageError, UsageError) as error:
        text = error.format_message() if isinstance(error, click.UsageError) else str(error)
        return _fail(name, text, 2)
    except (KeyboardInterrupt, click.Abort):
        return _fail(name, interrupted, 1)
    except (RgbtError, OSError) as error:
        return _fail(name, str(error), 1)


def _fail(name: str, text: str, code: int) -> int:
    click.echo(f"{name}: {' '.join(text.split())}", err=True)
    return code
