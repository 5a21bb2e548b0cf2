"""The lock that ft and the trainer share: a living process of this machine keeps it, a dead one's is taken."""

import json
import os
import socket
import subprocess
import tempfile
import unittest

import job_folder  # noqa: F401  (puts trainer/ on the path)
from ft_trainer.file_lock import file_lock
from ft_trainer.processes import start_time


class Waits(Exception):
    pass


class FileLockTest(unittest.TestCase):
    def is_taken(self, owner):
        """Of a lock that was not touched for years."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "x.lock")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(owner, file)
        os.utime(path, (0, 0))

        def wait(_):
            raise Waits

        try:
            with file_lock(path, wait):
                pass
        except Waits:
            return False
        self.assertFalse(os.path.exists(path))
        return True

    def test_silence_is_no_death_of_a_process_that_is_seen_to_live(self):
        owner = subprocess.Popen(["sleep", "600"])
        self.addCleanup(owner.wait)
        self.addCleanup(owner.kill)
        here = {"pid": owner.pid, "host": socket.gethostname()}
        self.assertFalse(self.is_taken({**here, "startTime": start_time(owner.pid)}))
        self.assertTrue(self.is_taken({**here, "startTime": "1"}), "another process had this pid")
        self.assertTrue(self.is_taken(here), "of an older ft")
        self.assertTrue(self.is_taken({**here, "host": "elsewhere", "startTime": start_time(owner.pid)}))


if __name__ == "__main__":
    unittest.main()
