"""Camera models, rigid transforms, warps and point clouds (NumPy only)."""
