"""Prints the ids and labels that the pinned TRL makes of rows, as a reference for src/dataset/mask.ts.

stdin: {"model": folder with a tokenizer, "cases": [{"template"?, "max_length", "assistant_only", "rows": [engine lines]}]}
stdout, last line: for each case a list of {"row", "input_ids", "labels"}; rows that TRL drops are missing.
"""

import json
import sys
import tempfile

from datasets import Dataset
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer


def label_case(case, model_dir, out_dir):
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    if case.get("template"):
        tokenizer.chat_template = case["template"]
    # The weights don't matter, only the trainer's data preparation does.
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
        )
    )
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=out_dir,
            max_length=case["max_length"],
            assistant_only_loss=case["assistant_only"],
            use_cpu=True,
            bf16=False,
            report_to=[],
        ),
        train_dataset=Dataset.from_list([{**row, "row": index} for index, row in enumerate(case["rows"])]),
        processing_class=tokenizer,
    )
    return [{key: row[key] for key in ("row", "input_ids", "labels")} for row in trainer.train_dataset]


def main():
    request = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as out_dir:
        answers = [label_case(case, request["model"], out_dir) for case in request["cases"]]
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
