"""Compiled once, loaded ever after, and never anything that is not exactly what is wanted."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_compiler import TARGET, FakeBuilder, builds, make_compiler, write_model

from rgbt_perception.engines.cache import key
from rgbt_perception.engines.cache.cached_engine import PlanRefusedError, cached_engine
from rgbt_perception.engines.cache.store import PlanStore
from rgbt_perception.engines.plan_builder import NoRoomError, Precision
from rgbt_perception.errors import RgbtError

pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def builder(tmp_path):
    return FakeBuilder(tmp_path / "journal")


def get(model, builder, folder, precision=Precision.FP16, **options):
    return cached_engine(model, precision, make_compiler(builder), folder, **options)


def works(engine):
    ones = np.ones((1, 2, 4, 8), np.float32)
    return np.allclose(engine.run({"x": ones}, ["y"])["y"], 2.0)


def files(folder):
    return sorted(path.suffix for path in folder.iterdir() if path.name != ".lock")


def test_the_second_start_builds_nothing(model, builder, folder, caplog):
    told = []
    engine = get(model, builder, folder, progress=lambda what, share: told.append((what, share)))
    assert works(engine)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert len(set(shares)) > 10
    assert {what for what, _ in told} == {"building engine tiny (fp16)"}
    told.clear()
    with caplog.at_level(logging.WARNING):
        assert works(get(model, builder, folder, progress=lambda *args: told.append(args)))
    assert builds(builder.journal) == 1
    assert not told
    assert not caplog.text
    assert files(folder) == [".json", ".plan"]


@pytest.mark.parametrize(
    "other",
    [
        {"runtime": "fake 10.1"},
        {"gpu": "Another GPU"},
        {"compute_capability": "8.9"},
    ],
)
def test_a_plan_of_another_target_is_never_loaded(model, builder, folder, other):
    get(model, builder, folder)
    builder.runs_on = replace(TARGET, **other)
    assert works(get(model, builder, folder))
    assert builds(builder.journal) == 2
    # Both stay: a machine may have two GPUs.
    builder.runs_on = TARGET
    assert works(get(model, builder, folder))
    assert builds(builder.journal) == 2


def test_another_precision_file_or_release_is_another_plan(model, builder, folder, tmp_path):
    get(model, builder, folder)
    get(model, builder, folder, Precision.FP32)
    assert builds(builder.journal) == 2
    other = write_model(tmp_path / "tiny.onnx", gain=3.0)
    assert not works(get(other, builder, folder))
    assert builds(builder.journal) == 3
    name = next(folder.glob("*.json"))
    text = json.loads(name.read_text())
    name.write_text(json.dumps(text | {"release": "0.0.1"}))
    for _ in range(2):
        for file, precision in ((model, Precision.FP16), (model, Precision.FP32), (other, None)):
            get(file, builder, folder, precision or Precision.FP16)
    assert builds(builder.journal) == 4


def damage_plan(folder):
    plan = next(folder.glob("*.plan"))
    content = bytearray(plan.read_bytes())
    content[-1] ^= 1
    plan.write_bytes(content)


def cut_plan(folder):
    plan = next(folder.glob("*.plan"))
    plan.write_bytes(plan.read_bytes()[:-100])


def lose_plan(folder):
    next(folder.glob("*.plan")).unlink()


def damage_sidecar(folder):
    next(folder.glob("*.json")).write_bytes(b'{"format": 1, \xff')


def edit_sidecar(folder, **values):
    path = next(folder.glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_shapes(folder):
    edit_sidecar(folder, shapes={"x": [1, 2, 4, 16]})


def claim_another_gpu(folder):
    edit_sidecar(folder, gpu="Another GPU")


@pytest.mark.parametrize(
    "damage",
    [
        damage_plan,
        cut_plan,
        lose_plan,
        damage_sidecar,
        change_shapes,
        claim_another_gpu,
    ],
)
def test_what_is_damaged_is_built_anew_with_one_line(model, builder, folder, caplog, damage):
    get(model, builder, folder)
    damage(folder)
    with caplog.at_level(logging.WARNING):
        assert works(get(model, builder, folder))
    assert builds(builder.journal) == 2
    assert len(caplog.records) == 1
    assert "building the engine anew" in caplog.text
    assert str(folder)[-5:] in caplog.text
    caplog.clear()
    assert works(get(model, builder, folder))
    assert builds(builder.journal) == 2
    assert not caplog.text
    assert files(folder) == [".json", ".plan"]


def test_a_plan_that_the_runtime_refuses_is_built_anew(model, builder, folder, caplog):
    get(model, builder, folder)
    record, _ = PlanStore(folder).records()[0]
    content = b"not of this runtime"
    digest = hashlib.sha256(content).hexdigest()
    PlanStore(folder).keep(replace(record, sha256=digest, size=len(content)), content)
    with caplog.at_level(logging.WARNING):
        assert works(get(model, builder, folder))
    assert builds(builder.journal) == 2
    assert [r.message for r in caplog.records] == [
        f"engine cache: {record.key.name}-{digest[:12]}.plan is refused "
        "(fake runtime: no plan); building the engine anew"
    ]
    assert files(folder) == [".json", ".plan"]


def test_a_full_gpu_says_nothing_of_the_plan(model, builder, folder, caplog):
    get(model, builder, folder)
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    compiler = make_compiler(builder)

    def full(plan):
        raise NoRoomError("fake runtime: out of memory")

    for _ in range(2):
        with pytest.raises(NoRoomError, match=r"out of memory; the stored engine .*\.plan stays"):
            cached_engine(model, Precision.FP16, replace(compiler, load=full), folder)
    assert not caplog.records
    assert builds(builder.journal) == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == kept
    assert works(get(model, builder, folder))
    assert builds(builder.journal) == 1


def test_another_converter_makes_another_plan(model, builder, folder, monkeypatch):
    """Within a release: whoever works on it must not measure what it was before."""
    get(model, builder, folder)
    monkeypatch.setattr(key, "_CONVERTER", (*key._CONVERTER, "cache/key.py"))
    key.converter_digest.cache_clear()
    try:
        assert works(get(model, builder, folder))
        assert builds(builder.journal) == 2
        assert works(get(model, builder, folder))
        assert builds(builder.journal) == 2
    finally:
        monkeypatch.undo()
        key.converter_digest.cache_clear()


def test_the_converter_is_the_code_that_converts():
    from rgbt_perception.engines import half_precision, precision
    from rgbt_perception.engines.tensorrt import builder, versions

    files = {key._ENGINES / name for name in key._CONVERTER}
    modules = (half_precision, precision, builder, versions)
    assert files == {Path(module.__file__).resolve() for module in modules}


def test_a_plan_with_other_results_is_refused_and_not_built_again(model, builder, folder):
    builder.error = 0.5
    with pytest.raises(PlanRefusedError, match=r"refused.*y \(standard deviations\): mean .*limit"):
        get(model, builder, folder)
    assert files(folder) == [".refused"]
    with pytest.raises(PlanRefusedError, match=r"was refused on 2.*rgbt engine build"):
        get(model, builder, folder)
    assert builds(builder.journal) == 1
    # Asked for by name it is tried again; what is well now counts.
    builder.error = 0.0
    assert works(get(model, builder, folder, asked=True))
    assert files(folder) == [".json", ".plan"]


def test_no_number_is_no_result(model, builder, folder):
    builder.error = float("nan")
    with pytest.raises(PlanRefusedError, match=r"mean 1e\+06"):
        get(model, builder, folder)


def test_a_failed_build_leaves_nothing(model, builder, folder):
    builder.failure = "fake: no kernel for this layer"
    with pytest.raises(RgbtError, match="no kernel for this layer"):
        get(model, builder, folder)
    assert files(folder) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_warning(model, builder, folder, caplog):
    folder.mkdir()
    folder.chmod(0o555)
    assert works(get(model, builder, folder))
    assert "cannot be written (Permission denied)" in caplog.text


def test_a_folder_that_cannot_be_made_is_a_warning_or_an_error(model, builder, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "cache"
    assert works(get(model, builder, folder))
    assert len(caplog.records) == 1
    assert "cannot be written (Not a directory); the engine is built for this" in caplog.text
    with pytest.raises(RgbtError, match=r"cannot be written \(Not a directory\)"):
        get(model, builder, folder, asked=True)
    assert builds(builder.journal) == 1


def test_a_full_disk_loses_nothing(model, builder, folder, caplog, monkeypatch):
    real = os.fsync

    def full(file):
        if os.fstat(file).st_size > 1000:
            raise OSError(28, "No space left on device")
        real(file)

    monkeypatch.setattr("rgbt_perception.engines.cache.atomic_file.os.fsync", full)
    assert works(get(model, builder, folder))
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == [
        f"engine cache {folder}: disk full, the engine of tiny (0.0 MB) is not kept; "
        "it will be built again at the next start"
    ]
    assert files(folder) == []
    with pytest.raises(RgbtError, match="disk full, the engine of tiny"):
        get(model, builder, folder, asked=True)


def test_a_missing_model_is_one_line(builder, folder, tmp_path):
    with pytest.raises(RgbtError, match=r"none\.onnx: No such file"):
        get(tmp_path / "none.onnx", builder, folder)
    assert not folder.exists()


def test_a_model_replaced_during_the_build_is_noticed(builder, folder, tmp_path):
    model = write_model(tmp_path / "changing.onnx")
    compiler = make_compiler(builder)

    def convert(onnx, precision):
        write_model(model, gain=5.0)
        return onnx

    with pytest.raises(RgbtError, match="was replaced while its engine was built"):
        cached_engine(model, Precision.FP16, replace(compiler, convert=convert), folder)
    assert files(folder) == []
