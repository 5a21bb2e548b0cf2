"""Several machines that train one run: what those after the first do, and what accelerate is told."""

import json
import os
import unittest
from unittest import mock

from job_folder import fake_job, run

from ft_trainer.nodes import launch_arguments

SECOND_OF_TWO = {"FT_NODES": "2", "FT_NODE_RANK": "1", "MASTER_ADDR": "n1", "MASTER_PORT": "20001"}
LAUNCH = """
import os, sys
os.write(int(os.environ["FT_EVENTS_FD"]), b'{"kind":"error","class":"data","message":"told by one of the processes"}\\n')
sys.exit(%d)
"""


class NodesTest(unittest.TestCase):
    def join(self, code):
        """Exit code of run.py on the second machine, whose training ends with `code`; and the files that it made."""
        folder = fake_job(self, "losses")
        job_file = os.path.join(folder, "job.json")
        with open(job_file, encoding="utf-8") as file:
            job = json.load(file)
        job["steps"] = [{"name": "train", "module": "ft_trainer.launch", "args": []}, *[{**step, "name": "evaluate"} for step in job["steps"]]]
        with open(job_file, "w", encoding="utf-8") as file:
            json.dump(job, file)
        with open(os.path.join(folder, "trainer/ft_trainer/launch.py"), "w", encoding="utf-8") as file:
            file.write(LAUNCH % code)
        before = set(os.listdir(folder))
        return run(folder, "--platform-restarts", env=SECOND_OF_TWO), set(os.listdir(folder)) - before

    def test_a_machine_after_the_first_joins_the_training_alone_and_writes_no_file_but_the_log(self):
        self.assertEqual(self.join(0), (0, {"stdout.log"}))

    def test_stopped_it_ends_well_and_failed_with_its_failure(self):
        self.assertEqual(self.join(33)[0], 0)
        self.assertEqual(self.join(45)[0], 45)

    def test_accelerate_is_told_which_machine_this_is_and_where_they_meet(self):
        with mock.patch.dict(os.environ, SECOND_OF_TWO):
            told = launch_arguments()
        self.assertEqual(told, "--num_machines 2 --machine_rank 1 --main_process_ip n1 --main_process_port 20001".split())
        self.assertEqual(launch_arguments(), [])


if __name__ == "__main__":
    unittest.main()
