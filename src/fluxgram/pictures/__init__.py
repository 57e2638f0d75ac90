"""Picture files: read safely, written whole or not at all, each with its receipt.

`write.py` and `read.py` are the two doors, `marks.py` is what both know of XMP; `resample.py`, `sheet.py` and
`terminal.py` are for sizes, contact sheets and previews. Nothing here knows of torch or of a checkpoint.
"""
