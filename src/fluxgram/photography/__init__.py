"""The photographic vocabulary: what to say, what it means physically, and what one should be able to measure.

The words are data (`data/*.toml`); `terms.py` has their types, `catalog.py` reads, checks and searches them. Nothing
here knows prompts (that is `fluxgram.prompt`) or pictures; nothing beyond the standard library is imported.
"""
