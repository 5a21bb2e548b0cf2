"""The model side of the evaluation: load as it was trained; loss of the trained tokens, scores and greedy answers in left-padded batches."""

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, GenerationConfig

#: Logits kept at once while measuring loss: the vocabulary, not the model, is what fills memory.
LOGITS_BYTES = 512 * 2**20


def load_model(config, path, tokenizer):
    """
    The base (or the fully trained model), in the training's precision; in 4 bits for qlora, as the adapter saw it in training. For the
    objective `reward` with one score on top, of a base a new one; with embeddings for every token that was added to the tokenizer.
    """
    options = {"dtype": getattr(torch, config["dtype"]), "device_map": {"": _device(config["device"])}}
    if config["method"] == "qlora":
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_compute_dtype=options["dtype"],
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=config.get("doubleQuant", True),
            llm_int8_skip_modules=["score"] if config["objective"] == "reward" else None,
        )
    torch.manual_seed(0)  # for what is new: the score, the added tokens
    if config["objective"] == "reward":
        model = AutoModelForSequenceClassification.from_pretrained(path, num_labels=1, **options)
        model.config.get_text_config().pad_token_id = tokenizer.pad_token_id  # the score is read at the last token before the padding
    else:
        model = AutoModelForCausalLM.from_pretrained(path, **options)
    if model.get_input_embeddings().weight.shape[0] < len(tokenizer):
        model.resize_token_embeddings(len(tokenizer))
    return model.eval()


def _device(name):
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def with_adapter(model, config):
    """The same model with the adapter on top; in fp32 merged into it, which changes nothing but rounding and is faster."""
    from peft import PeftModel

    adapted = PeftModel.from_pretrained(model, config["adapter"])
    mergeable = config["method"] == "lora" and config["dtype"] == "float32"
    return (adapted.merge_and_unload() if mergeable else adapted).eval()


@torch.inference_mode()
def loss_batch(model, batch, pad_id):
    """[(nll, tokens)] of each item: the sum of -log p over its trained tokens, in nats. (None, 0) when nothing is trained."""
    trained = [torch.tensor(item["trained"][1:], dtype=torch.bool) for item in batch]  # nothing predicts the first token
    # Left padding puts every row's end at the right: only the last `kept` positions can predict a trained token.
    kept = max((len(mask) - int(mask.nonzero()[0]) for mask in trained if mask.any()), default=0)
    if kept == 0:
        return [(None, 0)] * len(batch)
    rows = max(1, LOGITS_BYTES // (4 * (kept + 1) * model.config.get_text_config().vocab_size))
    if rows < len(batch):
        return [pair for start in range(0, len(batch), rows) for pair in loss_batch(model, batch[start : start + rows], pad_id)]
    inputs = _pad([item["ids"] for item in batch], pad_id, model.device)
    logits = model(**inputs, use_cache=False, logits_to_keep=kept + 1).logits[:, :-1].float()
    targets = inputs["input_ids"][:, -kept:]
    nll = logits.logsumexp(-1) - logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    pairs = []
    for row, mask in enumerate(trained):
        mask = mask[-kept:].to(nll.device)
        total = nll[row, kept - len(mask) :][mask].double().sum().item()
        pairs.append((total, int(mask.sum())) if mask.any() else (None, 0))
    return pairs


@torch.inference_mode()
def score_batch(model, batch, pad_id):
    """The reward model's score of each item, a number."""
    inputs = _pad([item["ids"] for item in batch], pad_id, model.device)
    return model(**inputs, use_cache=False).logits[:, 0].float().tolist()


def answer_batch(model, batch, tokenizer, max_new_tokens):
    """[(text, ids)] of each item's greedy answer; `ids` with the token that ended it. The batch ends with its last row."""
    ends = end_tokens(model, tokenizer, batch)
    return [(text_of(ids, ends, tokenizer), ids) for ids in generate(model, batch, tokenizer, ends, max_new_tokens)]


@torch.inference_mode()
def generate(model, batch, tokenizer, ends, max_new_tokens, **sampling):
    """The ids that answer each item, with the token that ended it. Greedy, unless `sampling` (temperature, top_p) says otherwise."""
    # A fresh config: the model's own may sample or penalise repetition.
    model.generation_config = GenerationConfig(
        do_sample=bool(sampling),
        max_new_tokens=max_new_tokens,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
        use_cache=True,
        **({"top_k": 0, **sampling} if sampling else {}),
    )
    inputs = _pad([item["prompt"] for item in batch], tokenizer.pad_token_id, model.device)
    inputs.pop("position_ids")
    output = model.generate(**inputs)[:, inputs["input_ids"].shape[1] :].tolist()
    return [ids[: next((index + 1 for index, token in enumerate(ids) if token in ends), None)] for ids in output]


def text_of(ids, ends, tokenizer):
    """Without the token that ended it."""
    return tokenizer.decode(ids[:-1] if ids and ids[-1] in ends else ids, skip_special_tokens=True)


def end_tokens(model, tokenizer, batch):
    """Tokens that end an answer: the tokenizer's and the model's eos, and the special token that closes the reference turn."""
    own = model.generation_config.eos_token_id
    ends = {tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])}
    special = set(tokenizer.all_special_ids)
    for item in batch:
        closing = [token for token, trained in zip(item["ids"], item["trained"]) if trained and token in special]
        ends.update(closing[-1:])
    return sorted(token for token in ends if token is not None)


def _pad(rows, pad_id, device):
    """Left-padded input_ids, attention_mask and position_ids."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad_id)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, width - len(row) :] = torch.tensor(row)
        mask[index, width - len(row) :] = 1
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    return {name: tensor.to(device) for name, tensor in (("input_ids", ids), ("attention_mask", mask), ("position_ids", positions))}
