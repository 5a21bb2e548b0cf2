"""Turns a GGUF file into a folder that engines train from: config.json, tokenizer with chat template, safetensors.

    python convert_gguf.py <file.gguf> <existing empty folder> [--dtype bfloat16]

transformers dequantises the weights but refuses to save a model that it loaded from GGUF, so they go into a fresh model of the
same configuration. bfloat16 by default: what most small models were trained in, and finer than any 4- to 8-bit GGUF holds.
"""

import argparse
import os
import sys


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("gguf")
    parser.add_argument("out")
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float16", "float32"])
    args = parser.parse_args()
    convert(args.gguf, args.out, args.dtype)
    return 0


#: `tokenizer.ggml.pre` of the vocabularies that split numbers into digits before anything else (llama.cpp, src/llama-vocab.cpp: those whose
#: first pattern is \\p{N}). transformers does not read that field, and then numbers would be tokenised as the model never saw them.
DIGIT_SPLITTERS = {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}


def split_digits(tokenizer, gguf):
    """Puts the lost Digits step back in front of the tokenizer's own pre-tokenizer."""
    from gguf import GGUFReader
    from tokenizers import pre_tokenizers

    field = GGUFReader(gguf).get_field("tokenizer.ggml.pre")
    if field is None or field.contents() not in DIGIT_SPLITTERS:
        return
    backend = tokenizer.backend_tokenizer
    steps = [pre_tokenizers.Digits(individual_digits=True), backend.pre_tokenizer]
    backend.pre_tokenizer = pre_tokenizers.Sequence(steps)


def convert(gguf: str, out: str, dtype: str) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder, name = os.path.split(os.path.abspath(gguf))
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    split_digits(tokenizer, gguf)

    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.dtype = dtype
    config.name_or_path = ""
    # A GGUF names one end token, the tokenizer's; generation stops at it.
    for key in ("bos_token_id", "eos_token_id", "pad_token_id"):
        value = getattr(tokenizer, key)
        if value is not None:
            setattr(config, key, value)

    model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    model.generation_config = GenerationConfig.from_model_config(config)
    model.save_pretrained(out)
    for key in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(key, None)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    sys.exit(main())
