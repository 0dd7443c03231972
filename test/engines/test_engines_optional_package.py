"""Missing, broken and there are three things."""

from __future__ import annotations

import pytest

from rgbt_perception.engines.optional_package import is_missing, optional_package
from rgbt_perception.errors import RgbtError


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name, code):
        (tmp_path / f"{name}.py").write_text(code)
        return name

    return write


def load(name):
    return optional_package(name, "engine trial", "`pip install trial`")


def test_what_is_there_is_imported(package):
    assert load(package("trial_there", "answer = 3")).answer == 3


def test_what_is_not_there_is_to_be_installed():
    with pytest.raises(RgbtError) as caught:
        load("trial_nowhere")
    assert str(caught.value) == "engine trial: not installed; expected `pip install trial`"


def test_what_lacks_something_is_not_to_be_installed_again(package):
    with pytest.raises(RgbtError) as caught:
        load(package("trial_lacking", "import trial_of_another_package"))
    assert str(caught.value) == (
        "engine trial: cannot be loaded (No module named 'trial_of_another_package')"
    )


def test_a_library_that_does_not_fit_is_told(package):
    name = package("trial_unfit", "raise ImportError('libx.so.3:\\ncannot open')")
    with pytest.raises(RgbtError) as caught:
        load(name)
    assert str(caught.value) == (
        "engine trial: its library cannot be loaded (libx.so.3: cannot open)"
    )


def test_a_package_around_a_module_may_be_what_is_missing():
    def missing(name):
        return is_missing(ModuleNotFoundError(name=name), "cuda.bindings.runtime")

    assert missing("cuda")
    assert missing("cuda.bindings")
    assert missing("cuda.bindings.runtime")
    assert not missing("cuda.pathfinder")
    assert not missing("cud")
    assert not missing(None)
