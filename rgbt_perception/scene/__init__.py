"""System D at run time: alignment of the colour picture, fused picture, labels."""
