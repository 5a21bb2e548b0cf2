"""`python -m ft_trainer.prepare`, by any Python from 3.9 on: makes sure of the engine's environment here, and tells the supervisor its Python."""

import json
import signal
import sys

from . import events, failures
from .environment import ensure_environment
from .exit_codes import RESUME_ME


def main():
    signal.signal(signal.SIGTERM, _stop)
    try:
        with open("job.json", encoding="utf-8") as file:
            job = json.load(file)
        events.emit("prepared", python=ensure_environment(job["engine"]))
    except Exception as error:
        return failures.report(error)
    return 0


def _stop(_number, _frame):
    sys.exit(RESUME_ME)  # an exception: what is half-made is removed on the way out


if __name__ == "__main__":
    sys.exit(main())
