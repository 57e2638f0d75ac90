"""One portrait from words to a file: `python examples/portrait.py` writes portrait.png."""

import fluxgram

words = "portrait of a woman with grey hair, soft window light from the left"
result = fluxgram.generate(words, seed=42, size="2:3", quality="draft")
path = result.save("portrait.png")
print(f"{path}: seed {result.seed}, drawn in {result.receipt.seconds['denoise']:.1f} s")
