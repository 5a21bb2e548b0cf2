"""The built-in reward functions, and how the evaluator calls any."""

import unittest

import job_folder  # noqa: F401  (makes ft_trainer importable)

from ft_trainer import rewards


def said(*texts):
    return [[{"role": "assistant", "content": text}] for text in texts]


class RewardsTest(unittest.TestCase):
    def test_exact_match_compares_with_the_answer_or_the_reference(self):
        self.assertEqual(rewards.exact_match(said(" Paris\n", "paris"), answer=["Paris", "Paris"]), [1.0, 0.0])
        self.assertEqual(rewards.exact_match(said('{"b": 1,"a":2}', "[1, 2]"), reference=['{"a":2, "b":1}', "[2, 1]"]), [1.0, 0.0])
        self.assertEqual(rewards.exact_match(said("42", '{"a":1}'), answer=[42, {"a": 1}]), [1.0, 1.0])
        with self.assertRaisesRegex(ValueError, "needs a column"):
            rewards.exact_match(said("x"), prompts=["y"])

    def test_json_valid_wants_a_structure_and_nothing_else(self):
        self.assertEqual(rewards.json_valid(said(' {"a": 1}\n', "[]", "42", "Sure: {}", '{"a": 1', "")), [1.0, 1.0, 0.0, 0.0, 0.0, 0.0])

    def test_think_format_wants_one_thought_and_then_an_answer(self):
        right = said("<think>two\nlines</think>\nyes", "\n<think></think> no")
        wrong = said("yes", "<think>a</think>", "<think>a", "a <think>b</think> c", "<think>a</think><think>b</think> c", "<think><think>a</think> b")
        self.assertEqual(rewards.think_format(right), [1.0] * 2)
        self.assertEqual(rewards.think_format(wrong), [0.0] * 6)

    def test_the_reward_is_the_weighted_sum_of_what_has_a_value(self):
        items = [{"conversation": [{"role": "user", "content": "?"}], "columns": {"answer": answer, "only": None}} for answer in ("a", "b")]
        rated = rewards.rate(["ft_trainer.rewards.exact_match", "test_rewards.sometimes"], [2.0, 10.0], items, [("a", [5, 2]), ("x", [6, 2])])
        self.assertEqual(rated[0], {"reward": 2.0, "rewards": {"exact_match": 1.0, "sometimes": None}})
        self.assertEqual(rated[1], {"reward": 20.0, "rewards": {"exact_match": 0.0, "sometimes": 2.0}})


async def sometimes(prompts, completions, completion_ids, answer, trainer_state, **_):
    """None for the first row."""
    return [None if index == 0 else float(len(ids)) for index, ids in enumerate(completion_ids)]


if __name__ == "__main__":
    unittest.main()
