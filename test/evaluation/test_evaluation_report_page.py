from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.evaluation import report_page as html

FOLDER = Path(html.__file__).with_name("page")


@given(st.text())
def test_data_cannot_leave_its_element(text: str) -> None:
    written = html.data({"text": text})
    assert not set("<>&") & set(written)
    assert json.loads(written) == {"text": text}


@given(st.text(alphabet="<>&\"'ab$ {}"))
def test_text_is_text(text: str) -> None:
    for written in (
        html.facts([("name", text)]),
        html.paragraph(text),
        html.table((text,), [html.table_row((text,), bold=(0,)), html.group_row(text, 1)]),
        html.cards([(text, text, text)]),
        html.strip([(0.0, 1.0, (1, 2, 3), text)], 1.0, text),
        html.legend([((1, 2, 3), text)]),
        html.bars([(text, text, 1.0, 2.0)]),
    ):
        inside = re.sub(r"<[^<>]*>", "", written)
        assert not set("<>") & set(inside)
        # Within a tag a quote of the text would end an attribute.
        assert "'" not in re.sub(r"&#x27;", "", written)


def test_page_allows_its_own_scripts_only() -> None:
    text = html.page("A & B", ["<p>x</p>", ""])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; img-src data:;")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[1]
    assert "<title>A &amp; B</title>" in text


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_files_of_the_page_need_no_network(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//\w+\.|@import|fetch\(|XMLHttpRequest|eval\(", text)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_scripts_are_valid(path: Path) -> None:
    done = subprocess.run(["node", "--check", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
