"""HTTP: the surfaces that clients speak to, one file each, over the one door of `fluxgram.jobs`.

`app.py` puts them together, `run.py` listens; `native.py`, `modelslab.py` and `openai.py` are the surfaces. What all
of them share: who calls (`callers.py`), what stands before them (`guards.py`), how errors are told (`failures.py`).
No file here draws, decides or imports torch.
"""
