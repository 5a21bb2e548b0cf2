"""The peer's side of a bench: does the work once for each line it reads, and answers with the milliseconds of CPU it took.

peer.py tokenise FOLDER TEXTS     transformers' tokenizer, one text after the other, with offsets
peer.py mask FOLDER ROWS          TRL's own preparation of conversations: render, tokenise, mask
TEXTS is a JSON list, ROWS {"rows": [...], "template": Jinja}.
"""

import json
import os
import sys
import tempfile
import time

os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1")


def tokenise(folder, texts):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    return lambda: sum(
        len(tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["input_ids"]) for text in texts
    )


def mask(folder, asked):
    import uuid

    import datasets
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    datasets.disable_caching()
    # Its names for caches are a hash of the tokenizer, which takes longer than all the rest.
    datasets.fingerprint.Hasher.hash = classmethod(lambda _, __: uuid.uuid4().hex)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = asked["template"]
    shape = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = SFTConfig(
        output_dir=tempfile.mkdtemp(), max_length=2048, assistant_only_loss=True, use_cpu=True, bf16=False, report_to=[]
    )
    dataset = datasets.Dataset.from_list(asked["rows"])
    trainer = SFTTrainer(
        model=LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **shape)),
        args=config,
        train_dataset=dataset.select([0]),
        processing_class=tokenizer,
    )

    def prepare():
        made = trainer._prepare_dataset(dataset, trainer.processing_class, config, False, None, "train")
        return sum(len(ids) for ids in made["input_ids"])

    return prepare


def main():
    kind, folder, file = sys.argv[1:]
    with open(file, encoding="utf-8") as handle:
        work = {"tokenise": tokenise, "mask": mask}[kind](folder, json.load(handle))
    answers, sys.stdout = sys.stdout, sys.stderr
    for _ in sys.stdin:
        start = time.process_time()
        count = work()
        print(json.dumps({"ms": (time.process_time() - start) * 1000, "tokens": count}), file=answers, flush=True)


if __name__ == "__main__":
    main()
