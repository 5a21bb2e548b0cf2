"""run.py --secrets: what the steps get, what nobody else does, and when the file goes."""

import json
import os
import signal
import subprocess
import tempfile
import unittest

from job_folder import fake_job, read_events, run, start, wait_for

SECRETS = {"HF_TOKEN": "hf_tokenForTests", "WANDB_API_KEY": "keyForTests"}


class SecretsTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.outside = scratch.name

    def write(self, content=json.dumps(SECRETS), mode=0o600, folder=None):
        path = os.path.join(folder or self.outside, "secrets.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def refused(self, path):
        folder = fake_job(self, "steps") if not isinstance(path, tuple) else path[0]
        path = path if isinstance(path, str) else path[1]
        self.assertIn(run(folder, "--secrets", path), (42, 51))
        error = read_events(folder, "error")[0]
        self.assertIn(path, error["message"])
        self.assertFalse(read_events(folder, "metric"))
        return error["message"]

    def test_steps_get_them_and_no_file_of_the_job_and_no_output_has_them(self):
        result = os.path.join(self.outside, "result.json")
        folder = fake_job(self, "secrets", env={"RESULT": result})
        path = self.write()
        # A token of the person's own environment gives way to that of the file.
        supervisor = start(folder, "--secrets", path, "--echo-events", stdout=subprocess.PIPE, env={"HF_TOKEN": "hf_another"})
        printed = b"".join(supervisor.communicate())
        self.assertEqual(supervisor.returncode, 0, read_events(folder, "error"))
        with open(result, encoding="utf-8") as file:
            found = json.load(file)
        self.assertEqual((found["token"], found["key"], found["mode"], found["is_in_environ"]), (*SECRETS.values(), "0o600", False))
        self.assertEqual(os.listdir(self.outside), ["result.json"])
        grep = subprocess.run(["grep", "-rlE", "ForTests|hf_another", folder], capture_output=True, text=True, check=False)
        self.assertEqual((grep.stdout, grep.returncode), ("", 1))
        self.assertNotIn(b"ForTests", printed)

    def test_a_preempted_run_finds_them_again_and_a_cancelled_one_takes_them_along(self):
        folder, path = fake_job(self, "checkpoint"), self.write()
        for number, code, left in ((signal.SIGTERM, 33, ["secrets.json"]), (signal.SIGINT, 34, [])):
            before = len(read_events(folder, "phase"))
            supervisor = start(folder, "--secrets", path, "--platform-restarts")
            wait_for(lambda: len(read_events(folder, "phase")) == before + 2, what="the training")  # noqa: B023
            self.assertEqual(len(os.listdir(self.outside)), 2)
            supervisor.send_signal(number)
            supervisor.communicate(timeout=60)
            self.assertEqual((supervisor.returncode, os.listdir(self.outside)), (code, left))

    def test_a_file_that_is_missing_open_to_others_in_the_job_folder_or_no_object_is_refused_by_name(self):
        self.assertIn("is not there", self.refused(os.path.join(self.outside, "secrets.json")))
        self.assertIn("mode 0640", self.refused(self.write(mode=0o640)))
        self.assertIn("no JSON", self.refused(self.write("HF_TOKEN=ForTests")))
        self.assertIn("not an object of names and texts", self.refused(self.write('{"A B": "ForTests"}')))
        folder = fake_job(self, "steps")
        self.assertIn("lies in the job folder", self.refused((folder, self.write(folder=folder))))


if __name__ == "__main__":
    unittest.main()
