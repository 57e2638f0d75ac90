"""The service's log, in a process of its own: whatever writes a traceback, the errors' messages stay out of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys
from fluxgram.server import logs
from fluxgram.service import ServiceSettings

logs.install(ServiceSettings(log_format=sys.argv[1], log_prompts=sys.argv[2] == "yes"))
for name in ("fluxgram.jobs.keeper", "uvicorn.error"):
    try:
        raise ValueError("a prompt of somebody")
    except ValueError:
        logging.getLogger(name).exception("it failed")
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_prompts_in_errors_are_written_only_where_asked_for(form: str) -> None:
    def written(prompts: str) -> str:
        command = [sys.executable, "-c", PROGRAM, form, prompts]
        return subprocess.run(command, capture_output=True, text=True, check=True).stderr

    assert written("yes").count("a prompt of somebody") == 2
    discreet = written("no")
    assert discreet.count("it failed") == 2
    assert discreet.count("ValueError") == 2
    assert "somebody" not in discreet
