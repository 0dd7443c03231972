"""The text of config/perception.yaml: every parameter with its default, commented.

``python -m rgbt_perception.config_yaml > config/perception.yaml`` writes it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from enum import Enum

import yaml

from rgbt_perception.config import Parameter, parameters

_WIDTH = 96
_HEAD = """\
# Every parameter of rgbt_perception with its default, as a ROS 2 parameter file.
# The same file serves without ROS: rgbt replay BAG --out DIR --config FILE
# Leave out what stays as it is.
"""


def perception_yaml() -> str:
    """The file's text; ``load_config`` reads it back as the defaults."""
    lines = [_HEAD + "/**:", "  ros__parameters:"]
    open_section = ""
    for spec in parameters():
        section, _, leaf = spec.name.rpartition(".")
        if section and section != open_section:
            lines += ["", f"    {section}:"]
        open_section = section
        indent = "      " if section else "    "
        lines += _comment(spec, indent)
        lines.append(f"{indent}{leaf}: {_scalar(spec.default)}")
    return "\n".join(lines) + "\n"


def _comment(spec: Parameter, indent: str) -> Iterator[str]:
    facts = []
    if spec.low is not None and spec.high is not None:
        facts.append(f"{spec.low:g} to {spec.high:g}{f' {spec.unit}' if spec.unit else ''}")
    elif spec.unit:
        facts.append(spec.unit)
    if issubclass(spec.kind, Enum):
        facts.append("one of " + ", ".join(str(member.value) for member in spec.kind))
    if spec.read_only:
        facts.append("fixed at start")
    text = spec.help[0].upper() + spec.help[1:] + "."
    if facts:
        # Hard spaces: the bracket stays on one line.
        text += " " + f"[{'; '.join(facts)}]".replace(" ", "\xa0")
    for line in textwrap.wrap(text, _WIDTH - len(indent), break_on_hyphens=False):
        yield f"{indent}# {line}".replace("\xa0", " ")


def _scalar(value: object) -> str:
    """A default as YAML; floats keep their point, since ROS tells 1 from 1.0."""
    plain = value.value if isinstance(value, Enum) else value
    if isinstance(plain, str):
        return json.dumps(plain)
    return yaml.safe_dump(plain).partition("\n")[0]


if __name__ == "__main__":
    print(perception_yaml(), end="")
