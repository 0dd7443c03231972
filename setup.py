"""Installs the Python package and, in share/, what lies outside of it: msg/, config/ and so on."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = "rgbt_perception"
OUTSIDE = ("msg", "config", "launch", "samples")


def version() -> str:
    """The one place that states the version."""
    for line in Path(NAME, "__init__.py").read_text(encoding="utf-8").splitlines():
        if line.startswith("__version__"):
            return line.split('"')[1]
    raise RuntimeError("no __version__")


def data_files() -> list[tuple[str, list[str]]]:
    """Every file outside the package, by its folder in share/."""
    files: dict[str, list[str]] = {f"share/{NAME}": ["package.xml"]}
    for root in OUTSIDE:
        for path in sorted(Path(root).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                files.setdefault(f"share/{NAME}/{path.parent}", []).append(str(path))
    return list(files.items())


setup(
    name=NAME,
    version=version(),
    description="Depth, confidence and coloured point clouds from an RGB and a thermal camera",
    license="Apache-2.0",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={
        NAME: [
            "py.typed",
            "engines/cache/*.npz",
            "weights/*.onnx",
            "weights/*.md",
            "evaluation/page/*",
            "live/view/page/*",
        ]
    },
    data_files=data_files(),
    python_requires=">=3.10",
    install_requires=[
        "numpy>=1.26",
        "opencv-python-headless>=4.6,<5",
        "onnxruntime>=1.17",
        "rosbags>=0.11",
        "PyYAML>=6",
        "click>=8.1",
    ],
    extras_require={
        "live": ["cyclonedds>=11"],
        # What makes it faster on a CPU; it runs without them.
        "cpu": ["openvino>=2024.4", "numba>=0.60"],
        # The CUDA 12 builds: the drivers of CUDA 13 run them too.
        "gpu": ["tensorrt-cu12>=10.0", "cuda-bindings>=12.8,<13", "onnx>=1.16"],
        "sim": ["mujoco>=3.3"],
        "train": [
            "torch>=2.5",
            "lightning>=2.4",
            "onnx>=1.16",
            "onnxscript>=0.1",
            "tensorboard>=2.16",
            "transformers>=4.44",
        ],
        "test": [
            "pytest>=8",
            "pytest-xdist>=3.5",
            "hypothesis>=6.100",
            "ruff>=0.6",
            "mypy>=1.10",
            "types-PyYAML>=6",
        ],
    },
    entry_points={"console_scripts": ["rgbt = rgbt_perception.cli.main:main"]},
)
