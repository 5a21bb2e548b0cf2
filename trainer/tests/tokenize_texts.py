"""Ids and offsets that transformers' own tokenizers give texts.

Reads {"folders": [...], "texts": [...]} from stdin; writes one JSON line a folder: for each text
{"ids", "offsets", "plain"}: without and with the tokens that the tokenizer adds; offsets are [start, end] in code points.
"""

import json
import sys

from transformers import AutoTokenizer


def main() -> None:
    request = json.load(sys.stdin)
    for folder in request["folders"]:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        bare = tokenizer(request["texts"], add_special_tokens=False, return_offsets_mapping=True)
        plain = tokenizer(request["texts"])
        rows = [
            {"ids": ids, "offsets": offsets, "plain": full}
            for ids, offsets, full in zip(bare["input_ids"], bare["offset_mapping"], plain["input_ids"])
        ]
        print(json.dumps(rows, separators=(",", ":")), flush=True)


if __name__ == "__main__":
    main()
