"""What the evaluator reads and writes: items as token ids with what is measured marked, and the file of results that survives a crash."""

import json
import os
import re

from .exact_chat import tokenize_segments


def load_tokenizer(config):
    """As the model was trained, padding on the left: `tokenizer`, else the adapter's or the model's; `chatTemplate` in place of its own."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(config["tokenizer"] or config["adapter"] or config["model"], padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    if config["chatTemplate"]:
        with open(config["chatTemplate"], encoding="utf-8") as file:
            tokenizer.chat_template = file.read()
    return tokenizer


def encode_items(config, tokenizer):
    """
    The items of config["items"], each with what is measured of it: `ids` and `trained` (whether training takes loss on ids[i]) of the
    answer that should win, `rejected` with the same of the one that should not, `prompt`, the ids that generation starts from, and
    `conversation` and `columns`, which reward functions take. What an item does not have is None. As TRL does it: a completion
    begins where the rendered prompt and the rendered conversation diverge; plain text ends with the eos token; rows are cut at maxLength,
    but not those that get a score: it is read off their end.
    """
    with open(config["items"], encoding="utf-8") as file:
        items = [json.loads(line) for line in file if line.strip()]
    cut = None if config["objective"] == "reward" else config["maxLength"]
    return [{"item": item["item"], "prompt": None, "rejected": None, **encode_item(item, tokenizer, cut)} for item in items]


def encode_item(item, tokenizer, cut):
    """What is measured of one item; `cut`: tokens kept of it, None: all."""
    if "text" in item:
        eos = tokenizer.eos_token or ""
        text = item["text"] if item["text"].endswith(eos) else item["text"] + eos
        ids = tokenizer(text=text)["input_ids"][:cut]
        return {"ids": ids, "trained": [True] * len(ids)}
    if "segments" in item:
        learnt = [{"text": segment["text"], "label": segment["trained"]} for segment in item["segments"]]
        return _labelled(tokenize_segments({"segments": learnt}, tokenizer), cut)
    if "labels" in item:
        return _labelled({"input_ids": item["ids"], "labels": item["labels"]}, cut)
    extras = {**item.get("chat_template_kwargs", {}), **({"tools": item["tools"]} if "tools" in item else {})}
    if "messages" in item:
        # Of an item without an answer any turn shows which token ends one.
        reference = "." if item.get("reference") is None else item["reference"]
        answer = [item.get("answer") or {"role": "assistant", "content": reference}]
        return {**_answer(item["messages"], answer, tokenizer, cut, extras), "prompt": _prompt(item["messages"], tokenizer, extras)}
    if "chosen" in item:
        chosen, rejected = (_answer(item["prompt"], item[side], tokenizer, cut, extras) for side in ("chosen", "rejected"))
        return {**chosen, "rejected": rejected}
    if "completion" in item:
        answer = _answer(item["prompt"], item["completion"], tokenizer, cut, extras)
        # How likely an answer is that the model should not give is no loss.
        return answer if item["label"] else {"ids": answer["ids"], "trained": [False] * len(answer["ids"])}
    prompt = _prompt(item["prompt"], tokenizer, extras)
    return {"ids": prompt, "trained": [False] * len(prompt), "prompt": prompt, "conversation": item["prompt"], "columns": item.get("columns", {})}


def _labelled(row, cut):
    return {"ids": row["input_ids"][:cut], "trained": [label != -100 for label in row["labels"]][:cut]}


def _answer(prompt, answer, tokenizer, cut, extras):
    marked = re.search(r"\{%-?\s*generation\b", tokenizer.chat_template) is not None
    whole = _render(tokenizer, [*prompt, *answer], return_assistant_tokens_mask=marked, **extras)
    ids = whole["input_ids"]
    shared = common_prefix(_prompt(prompt, tokenizer, extras), ids)
    trained = [index >= shared for index in range(len(ids))]
    if marked:
        trained = [is_trained and bool(mask) for is_trained, mask in zip(trained, whole["assistant_masks"])]
    return {"ids": ids[:cut], "trained": trained[:cut]}


def _prompt(messages, tokenizer, extras):
    return _render(tokenizer, messages, add_generation_prompt=True, **extras)["input_ids"]


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
