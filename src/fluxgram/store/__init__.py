"""What must not be lost: the database of jobs, events, pictures, keys and usage, and the place where pictures lie.

`queue.py` is where to start; `database.py` has the transactions, `tables.py` the form, `migrations/` how it came
about, `pictures.py` the files. Nothing here draws, and nothing here knows HTTP.
"""
