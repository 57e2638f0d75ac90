"""Jobs that outlive a crash: the one door (`door.py`), and the worker processes that draw for it.

`Jobs.submit` stores a job before it answers, a worker (`worker.py`) claims and draws it, the supervisor
(`supervisor.py`) keeps workers alive. Nothing here speaks HTTP; the surfaces are `fluxgram.server`.
"""
