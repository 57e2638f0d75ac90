"""Adapters (LoRA and its kin): files of every tool's making, read into one form, held against a checkpoint, applied.

Read `adapter.py` first, then `reading.py` (from file to adapter) and `applied.py` (what it does). Nothing is applied
by halves: a tensor without a place is an error.
"""
