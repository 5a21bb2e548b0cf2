"""Floating-point operations of one forward and backward pass as torch.utils.flop_counter counts them, for small models with and without PEFT.

Reads a JSON list of {name, config, rank (0: all weights), checkpointing, rows, tokens} from stdin, writes for each {name, flops}.
"""

import json
import sys

import torch
import transformers
from peft import LoraConfig, get_peft_model
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM

transformers.logging.set_verbosity_error()


def main() -> None:
    for case in json.load(sys.stdin):
        config = AutoConfig.for_model(**case["config"], attn_implementation="eager")
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        model.set_experts_implementation("eager")  # the counter knows no grouped products
        if case["rank"]:
            model = get_peft_model(model, LoraConfig(r=case["rank"], target_modules="all-linear"))
        if case["checkpointing"]:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        model.train()
        ids = torch.randint(0, config.vocab_size, (case["rows"], case["tokens"]))
        with FlopCounterMode(display=False) as counter:
            model(input_ids=ids, labels=ids).loss.backward()
        print(json.dumps({"name": case["name"], "flops": counter.get_total_flops()}), flush=True)


if __name__ == "__main__":
    main()
