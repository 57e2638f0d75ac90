"""The recipe of the embedded checkpoint: rendered heads, composed portraits, training and evaluation."""
