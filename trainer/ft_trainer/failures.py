"""What went wrong in a child: exception -> failure class and hint, an error event, and the exit code of the class."""

import errno
import os
import shutil
import sys
import traceback

from . import events
from .exit_codes import FAILURES, LOST_ANOTHER
from .full_disk import room_here
from .known_failures import GPU_LOST, known

HINTS = {
    "out-of-memory": "lower train.micro_batch or data.max_length, turn on train.gradient_checkpointing, or use method qlora",
    "disk-full": "free some space there, then resume: it goes on from the last checkpoint; a new run may keep fewer (train.keep_checkpoints)",
    "auth": "log in with `hf auth login` or set HF_TOKEN, and accept the model's terms on its page",
    "network": "check the connection, or use a model and data that are already on this machine; then resume",
    "nan-loss": "lower train.learning_rate, or train in fp32 or bf16 (train.precision), and look at the data of the last steps",
    "data": "run `ft data check`; the traceback in stdout.log names the row or the column",
    "dependency": "the engine's environment is incomplete or of another version: set it up again (`ft doctor` shows it)",
    "nothing-learnt": "train for more steps: the warm-up's first step has learning rate 0; or raise train.learning_rate",
    "gpu-lost": GPU_LOST,
    "permission": "give the folder to the user that the run runs as, or name another one",
    "unknown": "the traceback is at the end of stdout.log",
}


class Refusal(Exception):
    """A failure that ft itself has found: its class, a message, and what to do."""

    def __init__(self, failure, message, hint):
        super().__init__(message)
        self.failure, self.hint = failure, hint


class NonFiniteLoss(FloatingPointError):
    """The loss became NaN or infinite."""


class NothingLearnt(ArithmeticError):
    """The adapter does what no adapter does: it was never updated."""


def report(error):
    """Sends the error event, prints the traceback (to stdout.log, if that still has room), and returns the exit code."""
    if isinstance(error, Refusal):
        events.emit("error", **{"class": error.failure}, message=str(error), hint=error.hint)
        return FAILURES[error.failure]
    failure, hint = classify(error), _image_hint(error)
    told = next((told for told in map(_known, _chain(error)) if told), None)
    if told:
        failure, hint = told
    lost = not told and "WORLD_SIZE" in os.environ and any(_lost_another(link) for link in _chain(error))
    message = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    if failure == "disk-full" and not told:
        message = f"{message[:300]} ({room_here()})"
    if not lost:
        events.emit("error", **{"class": failure}, message=message[:500], hint=hint or HINTS[failure])
    try:
        traceback.print_exception(type(error), error, error.__traceback__)
        sys.stdout.flush()
    except OSError:
        pass
    return LOST_ANOTHER if lost else FAILURES[failure]


def _image_hint(error):
    """An image that lacks the engine is mended otherwise than an environment that lacks a package."""
    image = os.environ.get("FT_IMAGE")
    if not image or not isinstance(error, ImportError):
        return None
    return f"the image {image} lacks it: set `prepare: true` in the target, so that the engine is made in the container, or build one: `ft image build`"


def classify(error):
    """The failure class of an exception, from its type, its causes and, where libraries raise bare RuntimeErrors, its text."""
    if isinstance(error, ImportError):
        return "dependency"
    for link in _chain(error):
        failure = _by_type(link) or (_known(link) or [None])[0] or _by_text(link)
        if failure:
            return failure
    if any(_names(link) & _DATA_ERRORS for link in _chain(error)):
        return "data"
    if isinstance(error, (ValueError, KeyError, TypeError)) and events.current_phase == "tokenizing":
        return "data"
    return "unknown"


_NETWORK = {
    "ConnectError", "ConnectTimeout", "ConnectionError", "MaxRetryError", "LocalEntryNotFoundError",
    "OfflineModeIsEnabled", "ReadTimeout", "gaierror", "TimeoutException", "TransportError",
}  # fmt: skip
_DATA_ERRORS = {"ArrowInvalid", "DataFilesNotFoundError", "DatasetGenerationError", "JSONDecodeError", "TemplateError", "UnicodeDecodeError"}


def is_closed(error):
    """Whether someone else's folder, or a disk mounted read-only, was written to."""
    return isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EROFS)


def _by_type(error):
    names = _names(error)
    if isinstance(error, MemoryError) or "OutOfMemoryError" in names:
        return "out-of-memory"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk-full"
    if is_closed(error):
        return "permission"
    if isinstance(error, FloatingPointError):
        return "nan-loss"
    if isinstance(error, NothingLearnt):
        return "nothing-learnt"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if "GatedRepoError" in names or status in (401, 403):
        return "auth"
    if names & _NETWORK and not isinstance(error, BrokenPipeError):
        return "network"
    return None


def _known(error):
    """(class, hint), of errors that say in their text alone what they are."""
    return known(str(error)) if isinstance(error, (RuntimeError, OSError, AssertionError)) else None


def _by_text(error):
    if not isinstance(error, (RuntimeError, OSError)) and "SafetensorError" not in _names(error):
        return None
    text = str(error)
    if "DefaultCPUAllocator" in text or "CUDA out of memory" in text or "Cannot allocate memory" in text:
        return "out-of-memory"
    if "No space left on device" in text:
        return "disk-full"
    # torch.save says only that a write failed.
    if ("PytorchStreamWriter" in text or "inline_container" in text) and shutil.disk_usage(os.getcwd()).free < 2**20:
        return "disk-full"
    return None


def _lost_another(error):
    """Whether this process only fails because another one, which trains with it, is gone."""
    return bool(_names(error) & {"DistBackendError", "DistNetworkError"}) or "gloo/transport" in str(error)


def _names(error):
    return {kind.__name__ for kind in type(error).__mro__}


def _chain(error):
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return seen
