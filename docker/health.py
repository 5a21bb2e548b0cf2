"""The image's health check: whether the job in the working directory still beats. Exits 0 or 1, with one line that says why.

run.py writes an event at least every `heartbeatSeconds` of job.json; before the first one it has written supervisor.json.
"""

import json
import os
import sys
import time

#: Beats that may be missed: one of them can wait long for a slow disk.
MISSED = 6


def main():
    try:
        with open("job.json", encoding="utf-8") as file:
            allowed = max(60.0, MISSED * json.load(file)["heartbeatSeconds"])
    except (OSError, ValueError, KeyError) as error:
        print(f"no job here: {error}")
        return 1
    for name in ("events.jsonl", "supervisor.json"):
        try:
            age = time.time() - os.stat(name).st_mtime
        except FileNotFoundError:
            continue
        print(f"{name} was written {age:.0f} s ago")
        return 0 if age <= allowed else 1
    print("the trainer has written nothing yet")
    return 1


if __name__ == "__main__":
    sys.exit(main())
