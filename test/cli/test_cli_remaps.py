import pytest

from rgbt_perception.cli.remaps import parse_remaps
from rgbt_perception.errors import UsageError


def test_inputs_and_outputs_can_have_other_names():
    words = ["rgb/image:=/cam/image_raw", "~/points:=/cloud", "/perception/status:=/status"]
    assert parse_remaps(words) == {
        "rgb/image": "/cam/image_raw",
        "~/points": "/cloud",
        "/perception/status": "/status",
    }
    assert parse_remaps(["/front/rgb/image:=/a"], "/front") == {"/front/rgb/image": "/a"}


@pytest.mark.parametrize("word", ["rgb/imag:=/cam", "/rear/rgb/image:=/a", "__ns:=/a"])
def test_a_name_that_nothing_uses_is_told_with_those_that_are(word):
    with pytest.raises(UsageError, match=r"--remap .*: .*(rgb/image, .*~/points|expected letters)"):
        parse_remaps([word], "/front")


@pytest.mark.parametrize("word", ["rgb/image", ":=/a", "rgb/image:="])
def test_another_form_is_told(word):
    with pytest.raises(UsageError, match="expected NAME:=NAME"):
        parse_remaps([word])
