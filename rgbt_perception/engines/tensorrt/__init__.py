"""TensorRT on NVIDIA GPUs: versions 8.6, 10 and 11 through one name-based path.

Memory and streams go through ``cuda-bindings``, NVIDIA's own Python bindings: Apache-2.0, 8 MB,
released every few weeks, on x86-64 and aarch64, and importable without a GPU. CuPy (MIT, 147 MB)
would bring an array library that nothing here needs; PyCUDA (MIT) has no wheels, so that it needs
a compiler and the CUDA toolkit on the vehicle.
"""
