"""Commands beside `rgbt`: exit codes, and one line for what goes wrong."""

from __future__ import annotations

import click
import pytest

from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.errors import InputError, UsageError


def run(fault):
    @click.command()
    def command():
        if isinstance(fault, BaseException):
            raise fault
        return fault

    return run_alone(command, "trial", [], "interrupted; nothing is kept")


@pytest.mark.parametrize(
    ("fault", "code", "line"),
    [
        (None, 0, ""),
        (1, 1, ""),
        (UsageError("--a: expected b"), 2, "trial: --a: expected b"),
        (click.UsageError("no\n such word"), 2, "trial: no such word"),
        (InputError("x.mcap: no bag"), 1, "trial: x.mcap: no bag"),
        (FileNotFoundError(2, "No such file", "x"), 1, "trial: [Errno 2] No such file: 'x'"),
        (KeyboardInterrupt(), 1, "trial: interrupted; nothing is kept"),
    ],
)
def test_every_end_has_its_code_and_its_line(capsys, fault, code, line):
    assert run(fault) == code
    assert capsys.readouterr().err.strip() == line


def test_what_is_no_error_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())
