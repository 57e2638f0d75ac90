"""Prompts: composing, reading, checking and completing them, characters and shoots.

`briefs.py` says what can be asked for, `compose.py` writes it, `parse.py` reads it back, `lint.py` checks it against
`rules/`, `enhance.py` completes it, `characters.py` and `shoots.py` keep one face through many scenes. What a prompt
needs to know of a checkpoint comes from outside as `CheckpointFacts`; only the standard library is imported.
"""
