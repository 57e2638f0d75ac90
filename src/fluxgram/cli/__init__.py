"""The command line: `main` is the console script.

One thin file a command, found in `app.py`; how errors, Ctrl-C and exit statuses are handled is in `door.py`.
"""

from fluxgram.cli.door import main

__all__ = ["main"]
