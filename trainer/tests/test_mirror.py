"""The mirror with the real supervisor and a folder as store: what a machine that vanishes leaves, and what the next one makes of it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from job_folder import TRAINER, make_job, read_events, wait_for

from ft_trainer.checkpoints import MANIFEST, flaw


class MirrorTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name
        self.store = os.path.join(scratch.name, "store")

    def machine(self, name, *args):
        """A fresh copy of the job folder: a machine that has nothing but what ft sent."""
        folder = os.path.join(self.scratch, name)
        make_job(folder, "/nowhere", steps=[{"name": "train", "module": "fake_step", "args": list(args)}])
        os.symlink(os.path.join(TRAINER, "tests/fake_step.py"), os.path.join(folder, "trainer/fake_step.py"))
        return folder

    def start(self, folder, attempt, *args):
        command = [sys.executable, "-m", "ft_trainer.mirror", "--store", self.store, "--attempt", str(attempt), "--every", "0.05", "--"]
        env = {**os.environ, "PYTHONPATH": "trainer"}
        process = subprocess.Popen([*command, "--attempt", str(attempt), *args], cwd=folder, env=env, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        return process

    def kept(self):
        """Steps of the store's checkpoints that are whole."""
        folder = os.path.join(self.store, "out/checkpoints")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return sorted(int(name.rpartition("-")[2]) for name in names if _is_whole(os.path.join(folder, name)))

    def test_all_is_in_the_store_and_what_was_deleted_is_not(self):
        process = self.start(self.machine("one", "checkpoints", "6"), 1)
        self.assertEqual(process.wait(), 0)
        self.assertEqual(self.kept(), [5, 6])
        for path in ("COMPLETE", "out/adapter/weights", "stdout.log", "spent.json"):
            self.assertTrue(os.path.exists(os.path.join(self.store, path)), path)
        self.assertEqual(read_events(self.store)[-1]["kind"], "end")

    def test_after_a_machine_vanished_the_next_one_goes_on_from_the_last_whole_checkpoint(self):
        first = self.machine("one", "checkpoints", "1000")
        process = self.start(first, 1)
        wait_for(lambda: self.kept()[-1:] >= [4])
        process.kill()
        process.wait()
        last = max(self.kept())
        torn = os.path.join(self.store, f"out/checkpoints/checkpoint-{last + 1}")
        shutil.rmtree(torn, ignore_errors=True)
        os.makedirs(torn)
        with open(os.path.join(torn, "weights"), "w", encoding="utf-8") as file:
            file.write("half")
        shutil.copy(os.path.join(self.store, f"out/checkpoints/checkpoint-{last}", MANIFEST), torn)
        second = self.machine("two", "checkpoints", str(last + 2))
        self.assertEqual(self.start(second, 2, "--resume").wait(), 0)
        steps = [(event["attempt"], event["step"]) for event in read_events(second, "checkpoint")]
        self.assertIn((1, 1), steps)
        self.assertEqual([step for attempt, step in steps if attempt == 2], [last + 1, last + 2])
        self.assertEqual(self.kept(), [last + 1, last + 2])

    def test_a_signal_reaches_the_supervisor_and_the_last_checkpoint_the_store(self):
        folder = self.machine("one", "checkpoints", "1000")
        process = self.start(folder, 1)
        wait_for(self.kept)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 33)
        self.assertEqual(max(self.kept()), read_events(folder, "checkpoint")[-1]["step"])
        self.assertFalse(os.path.exists(os.path.join(folder, "cancel")))

    def test_a_cancel_file_of_this_attempt_stops_it_and_one_of_another_does_not(self):
        folder = self.machine("one", "checkpoints", "1000")
        os.makedirs(self.store)
        _touch(self.store, "cancel-1")
        process = self.start(folder, 2)
        wait_for(self.kept)
        _touch(self.store, "cancel-2")
        self.assertEqual(process.wait(), 33)
        self.assertTrue(os.path.exists(os.path.join(folder, "cancel")))

    def test_of_several_machines_only_the_first_brings_anything(self):
        folder = self.machine("two", "checkpoints", "2")
        os.environ["FT_NODE_RANK"] = "1"
        self.addCleanup(os.environ.pop, "FT_NODE_RANK")
        self.assertEqual(self.start(folder, 1).wait(), 0)
        self.assertFalse(os.path.exists(self.store))

    def test_a_store_that_fails_does_not_end_the_training_but_its_end_is_no_success(self):
        folder = self.machine("one", "checkpoints", "4")
        with open(self.store, "w", encoding="utf-8"):
            pass  # a file where a folder should be
        process = self.start(folder, 1)
        self.assertEqual(process.wait(), 1)
        self.assertIn(b"could not be brought to the store", process.stderr.read())
        self.assertTrue(os.path.exists(os.path.join(folder, "COMPLETE")))


def _is_whole(checkpoint):
    try:
        return flaw(checkpoint) is None
    except FileNotFoundError:
        return False  # deleted while it was looked at


def _touch(*path):
    with open(os.path.join(*path), "w", encoding="utf-8"):
        pass


if __name__ == "__main__":
    unittest.main()
