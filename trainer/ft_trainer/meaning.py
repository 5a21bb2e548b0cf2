"""Which texts say nearly the same: sentence embeddings and their cosine similarity, in the engine's own environment.

    python meaning.py <texts.jsonl> <model folder> <least similarity> <out.jsonl>

One JSON string a line goes in; for each text that is near to an earlier one a line {row, like, similarity} comes out. Embeddings are the mean of
the last hidden states over the text's tokens, or its first token where the model's 1_Pooling/config.json says so, as sentence-transformers
makes them. A text is compared with those before it that were not themselves near to another.
"""

import json
import os
import sys

BATCH = 64
#: Texts whose similarities are held at once.
BLOCK = 4096
MAX_TOKENS = 512


def main(texts_path, model_path, least, out_path) -> int:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers.utils import logging

    logging.disable_progress_bar()
    with open(texts_path, encoding="utf-8") as file:
        texts = [json.loads(line) for line in file]
    vectors = embed(texts, model_path)
    with open(out_path, "w", encoding="utf-8") as file:
        for row, like, similarity in near(vectors, float(least)):
            if texts[row]:
                file.write(json.dumps({"row": row, "like": like, "similarity": round(similarity, 4)}) + "\n")
    return 0


def embed(texts, model_path):
    """One unit vector a text; of an empty text zeros, which are near to nothing."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    model = AutoModel.from_pretrained(model_path, dtype=torch.float32).to(device).eval()
    limit = min(MAX_TOKENS, getattr(model.config, "max_position_embeddings", MAX_TOKENS))
    first_token = uses_first_token(model_path)
    vectors = torch.zeros(len(texts), model.config.hidden_size)
    order = sorted((row for row, text in enumerate(texts) if text), key=lambda row: len(texts[row]))
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = tokenizer([texts[row] for row in rows], padding=True, truncation=True, max_length=limit, return_tensors="pt")
            states = model(**batch.to(device)).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            pooled = states[:, 0] if first_token else (states * mask).sum(1) / mask.sum(1)
            vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).cpu()
            print(json.dumps({"done": min(start + BATCH, len(order)), "of": len(order)}), flush=True)
    return vectors


def uses_first_token(model_path):
    path = os.path.join(model_path, "1_Pooling", "config.json")
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return json.load(file).get("pooling_mode_cls_token") is True


def near(vectors, least):
    """(row, first like it, cosine) of the rows that repeat an earlier kept one."""
    import torch

    kept = torch.ones(len(vectors), dtype=torch.bool)
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        best = torch.zeros(len(block))
        like = torch.full((len(block),), -1)
        for other in range(0, start, BLOCK):
            similarity = block @ vectors[other : other + BLOCK].T
            similarity[:, ~kept[other : other + BLOCK]] = 0
            first = (similarity >= least).int().argmax(1)
            found = similarity[torch.arange(len(block)), first]
            new = (found >= least) & (like < 0)
            like[new], best[new] = first[new] + other, found[new]
        inside = block @ block.T
        for row in range(len(block)):
            if like[row] < 0 and row > 0:
                candidates = ((inside[row, :row] >= least) & kept[start : start + row]).nonzero()
                if len(candidates):
                    like[row] = candidates[0, 0] + start
                    best[row] = inside[row, candidates[0, 0]]
            if like[row] >= 0:
                kept[start + row] = False
                yield start + row, int(like[row]), float(best[row])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
