"""Every objective with every method, a few steps each, in this one process: the imports of the engine cost more than the trainings."""

import json
import math
import os
import sys
import tempfile
import unittest
from unittest import mock

from job_folder import LORA, QLORA, make_job
from make_tiny_model import make_tiny_model

from ft_trainer import checkpoints, evaluate, events, trl_train

os.environ["HF_HUB_OFFLINE"] = "1"
SMALL = {"max_steps": 2, "per_device_train_batch_size": 2, "save_strategy": "no", "seed": 1}
OBJECTIVES = {
    "sft": {},
    "dpo": {"beta": 0.1, "loss_type": ["sigmoid"]},
    "kto": {"beta": 0.1},
    "orpo": {"beta": 0.1},
    "simpo": {"beta": 2.0, "loss_type": "simpo", "simpo_gamma": 1.0, "cpo_alpha": 0.0},
    "cpo": {"cpo_alpha": 1.0},
    "reward": {"center_rewards_coefficient": 0.01},
    "grpo": {
        "max_completion_length": 8,
        "num_generations": 2,
        "beta": 0.02,
        "reward_funcs": ["ft_trainer.rewards.exact_match", "rewards.length.shorter"],
        "reward_weights": [1.0, 0.5],
    },
}
METHODS = {"full": {}, "lora": LORA, "qlora": QLORA}


class ObjectivesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = scratch.name
        cls.model = os.path.join(scratch.name, "tiny")
        make_tiny_model(cls.model)
        cls.addClassCleanup(os.chdir, os.getcwd())

    def job(self, name, objective, method, trl=None, extras=None):
        folder = os.path.join(self.scratch, name)
        task = {"lora_task_type": "SEQ_CLS"} if objective == "reward" and method != "full" else {}
        settings = {**SMALL, **OBJECTIVES[objective], **METHODS[method], **task, **(trl or {})}
        make_job(folder, self.model, settings, {"objective": objective, **(extras or {})}, {"method": method})
        os.mkdir(os.path.join(folder, "rewards"))
        with open(os.path.join(folder, "rewards/length.py"), "w", encoding="utf-8") as file:
            file.write("def shorter(completions, **columns):\n    return [-float(len(each[0]['content'])) for each in completions]\n")
        os.chdir(folder)
        return folder

    def test_every_objective_trains_with_every_method(self):
        for objective in OBJECTIVES:
            for method in METHODS:
                with self.subTest(objective=objective, method=method):
                    folder = self.job(f"{objective}-{method}", objective, method)
                    told = run_step(trl_train.train, "config/trl.yaml")
                    self.check_training(folder, told, objective, method)

    def check_training(self, folder, told, objective, method):
        losses = [event["values"]["loss"] for event in told if event["kind"] == "metric" and "loss" in event["values"]]
        self.assertEqual(len(losses), 2)
        self.assertTrue(all(loss is not None and math.isfinite(loss) for loss in losses), losses)
        self.assertIsNone(checkpoints.flaw(os.path.join(folder, "out/adapter")))


def run_step(step, config):
    """Runs a step's function here, as run_child does in a process of its own. Returns the events it sent."""
    with tempfile.TemporaryFile() as file, mock.patch.object(events, "_fd", file.fileno()), mock.patch.object(sys, "argv", ["step", config]):
        code = step(mock.Mock(requested=False))
        assert code == 0, code
        file.seek(0)
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    unittest.main()
