"""Exit codes of the children and of run.py, one a failure class, so that a launcher which sees nothing else still knows what happened."""

#: Interrupted, everything saved: run again with --resume.
RESUME_ME = 33
#: Only with --platform-restarts: cancelled, or its budget is used up. The platform starts a job again on 33 alone, and must not on this one.
STOPPED_FOR_GOOD = 34
#: Another supervisor of this job is alive (EX_TEMPFAIL).
ALREADY_RUNNING = 75

#: Of several processes that train together, another one is gone: that one says why.
LOST_ANOTHER = 48

FAILURES = {
    "unknown": 1,
    "out-of-memory": 40,
    "disk-full": 41,
    "auth": 42,
    "network": 43,
    "nan-loss": 44,
    "data": 45,
    "killed": 46,
    "dependency": 47,
    "nothing-learnt": 49,
    "gpu-lost": 50,
    "permission": 51,
}

#: What a second start of the same step may cure: it is given once.
TRANSIENT = ("network", "gpu-lost")
