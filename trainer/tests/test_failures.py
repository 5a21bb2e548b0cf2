"""Exceptions -> failure classes, on the exceptions that the libraries themselves raise."""

import errno
import os
import unittest
from unittest import mock

import job_folder  # noqa: F401  (makes ft_trainer importable)

from ft_trainer import events
from ft_trainer.exit_codes import FAILURES, LOST_ANOTHER
from ft_trainer.failures import HINTS, NonFiniteLoss, classify, report


class FailuresTest(unittest.TestCase):
    def test_each_class_is_recognised(self):
        gated = type("GatedRepoError", (Exception,), {})("403")
        unauthorised = type("HfHubHTTPError", (Exception,), {"response": type("Response", (), {"status_code": 401})()})("no")
        cases = [
            (MemoryError(), "out-of-memory"),
            (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), "out-of-memory"),
            (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "out-of-memory"),
            (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
            (type("SafetensorError", (Exception,), {})("I/O error: No space left on device (os error 28)"), "disk-full"),
            (caused_by(OSError("You are trying to access a gated repo"), gated), "auth"),
            (unauthorised, "auth"),
            (caused_by(OSError("could not load"), ConnectionError("refused")), "network"),
            (NonFiniteLoss("nan"), "nan-loss"),
            (type("DatasetGenerationError", (Exception,), {})("bad row"), "data"),
            (ModuleNotFoundError("No module named 'peft'"), "dependency"),
            (KeyError("x"), "unknown"),
        ]
        for error, expected in cases:
            self.assertEqual(classify(error), expected, repr(error))

    def test_a_value_error_while_tokenizing_is_about_the_data(self):
        self.assertEqual(classify(ValueError("bad")), "unknown")
        events.current_phase = "tokenizing"
        self.addCleanup(setattr, events, "current_phase", "preparing")
        self.assertEqual(classify(ValueError("bad")), "data")

    def test_a_process_that_lost_another_leaves_the_reason_to_that_one(self):
        error = RuntimeError("[gloo/transport/tcp/pair.cc:545] Read error [127.0.0.1]:19887: Connection reset by peer")
        with mock.patch.dict(os.environ, WORLD_SIZE="2"), mock.patch.object(events, "emit") as emit, mock.patch("traceback.print_exception"):
            self.assertEqual(report(error), LOST_ANOTHER)
            emit.assert_not_called()
            self.assertEqual(report(MemoryError()), FAILURES["out-of-memory"])
            emit.assert_called_once()

    def test_every_class_has_an_exit_code_of_its_own(self):
        self.assertEqual(len(set(FAILURES.values())), len(FAILURES))
        self.assertEqual(set(HINTS) | {"killed"}, set(FAILURES))


def caused_by(error, cause):
    error.__cause__ = cause
    return error


if __name__ == "__main__":
    unittest.main()
