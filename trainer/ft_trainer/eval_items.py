"""What the evaluator reads and writes: items as token ids with the trained part marked, and the file of results that survives a crash."""

import json
import os
import re


def encode_items(config, tokenizer):
    """
    The items of config["items"] as {"item", "ids", "trained", "prompt"}: `trained[i]` says whether training takes loss on ids[i],
    `prompt` is what generation starts from (None for plain text). As TRL does it: a completion begins where the rendered prompt and
    the rendered conversation diverge; plain text ends with the eos token; rows are cut at maxLength.
    """
    with open(config["items"], encoding="utf-8") as file:
        items = [json.loads(line) for line in file if line.strip()]
    return [_encode(item, tokenizer, config["maxLength"]) for item in items]


def _encode(item, tokenizer, max_length):
    if "text" in item:
        eos = tokenizer.eos_token or ""
        text = item["text"] if item["text"].endswith(eos) else item["text"] + eos
        ids = tokenizer(text=text)["input_ids"]
        trained, prompt = [True] * len(ids), None
    else:
        prompt = _render(tokenizer, item["messages"], add_generation_prompt=True)["input_ids"]
        conversation = [*item["messages"], {"role": "assistant", "content": item["reference"]}]
        marked = re.search(r"\{%-?\s*generation\b", tokenizer.chat_template) is not None
        whole = _render(tokenizer, conversation, return_assistant_tokens_mask=marked)
        ids = whole["input_ids"]
        shared = common_prefix(prompt, ids)
        trained = [index >= shared for index in range(len(ids))]
        if marked:
            trained = [is_trained and bool(mask) for is_trained, mask in zip(trained, whole["assistant_masks"])]
    return {"item": item["item"], "ids": ids[:max_length], "trained": trained[:max_length], "prompt": prompt}


def common_prefix(first, second):
    """How many leading tokens two sequences share."""
    return next((index for index, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))


def _render(tokenizer, messages, **options):
    return tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True, **options)


class Results:
    """items.jsonl. `done`: the (item, variant) pairs already there, if they were made from the same `fingerprint`."""

    def __init__(self, path, fingerprint):
        self.path = path
        self.done = set()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        inputs = os.path.join(os.path.dirname(path), "inputs.json")
        if not _same(inputs, fingerprint):
            if os.path.exists(path):
                os.unlink(path)
            with open(inputs, "w", encoding="utf-8") as file:
                json.dump(fingerprint, file)
        elif os.path.exists(path):
            self._read()

    def append(self, variant, rows):
        with open(self.path, "a", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps({"item": row["item"], "variant": variant, **row}, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self):
        """Takes in the whole lines, and cuts off a torn last one."""
        whole = 0
        with open(self.path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                row = json.loads(line)
                self.done.add((row["item"], row["variant"]))
                whole += len(line)
        os.truncate(self.path, whole)


def _same(path, content):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file) == content
    except (FileNotFoundError, ValueError):
        return False
