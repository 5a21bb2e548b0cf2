"""What the callback tells of an engine's batches: samples, and the speed, however the engine counts its tokens."""

import types
import unittest
from unittest import mock

from ft_trainer import callback, samples

try:
    import datasets
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling
except ImportError:
    datasets = None


class Words:
    """A processor whose tokens are numbers; 9 ends a turn."""

    all_special_ids = [9]

    def decode(self, ids):
        return " ".join(map(str, ids))


@unittest.skipIf(datasets is None, "no engine here")
class SamplesTest(unittest.TestCase):
    def test_rows_that_the_engine_joins_without_padding_are_told_one_by_one(self):
        rows = datasets.Dataset.from_list([{"input_ids": [1, 2, 9], "labels": [-100, 2, 9]}, {"input_ids": [3, 4], "labels": [-100, 4]}])
        loader = types.SimpleNamespace(dataset=rows, collate_fn=DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True))
        told = []
        with mock.patch("ft_trainer.events.emit", lambda kind, **fields: told.append({"kind": kind, **fields})):
            samples.send_samples(loader, Words(), max_length=2)
        self.assertEqual([(event["kind"], event["row"], event["inputIds"], event["trainedText"]) for event in told], [("sample", 0, [1, 2, 9], "2 9"), ("sample", 1, [3, 4], "4")])


class SpeedTest(unittest.TestCase):
    def test_tokens_a_second_come_from_the_count_of_the_engine_or_of_transformers(self):
        for name in ("num_tokens", "num_input_tokens_seen"):
            state = types.SimpleNamespace(global_step=1, max_steps=2, is_world_process_zero=True)
            told = []
            with mock.patch("ft_trainer.events.emit", lambda kind, **fields: told.append(fields)):
                callback.EventsCallback(None).on_log(None, state, None, logs={"loss": 1.0, name: 64})
            self.assertGreater(told[0]["values"]["tokens_per_second"], 0, name)


if __name__ == "__main__":
    unittest.main()
