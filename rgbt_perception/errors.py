"""Errors that a user can act on: one clear line, no traceback."""


class RgbtError(Exception):
    """The work failed for a reason outside the program (exit code 1).

    The text is one line that names what was wrong and what was expected.
    """


class InputError(RgbtError):
    """A file, message or stream is not what it should be."""


class UsageError(RgbtError):
    """The command was called wrongly (exit code 2)."""
