"""What torch, transformers and PEFT make of a model, counted on the meta device: nothing is allocated.

Reads a JSON list of {name, config, short, methods: [{method, rank, targets, dora, modulesToSave}]} from stdin; writes for each
{name, parameters, bytes (bf16), methods: [{trainable, trainedBytes, gradientBytes, optimizerBytes, packed}]}. The methods are counted on
`short`, the same config with fewer layers: PEFT takes a while for each adapter.
"""

import json
import sys

import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig
from transformers.integrations.bitsandbytes import replace_with_bnb_linear
from transformers.quantizers.base import get_keys_to_not_convert

transformers.logging.set_verbosity_error()


def main() -> None:
    for case in json.load(sys.stdin):
        model = build(case["config"])
        parameters = list(unique(model))
        result = {
            "name": case["name"],
            "parameters": sum(p.numel() for p in parameters),
            "bytes": sum(p.nbytes for p in parameters),
            "methods": [count(case["short"], method) for method in case["methods"]],
        }
        print(json.dumps(result), flush=True)


def build(config: dict):
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), dtype=torch.bfloat16)


def unique(model):
    """Tied parameters once."""
    seen = set()
    for parameter in model.parameters():
        if id(parameter) not in seen:
            seen.add(id(parameter))
            yield parameter


def count(config: dict, method: dict) -> dict:
    model = build(config)
    packed = 0
    if method["method"] == "qlora":
        skipped = get_keys_to_not_convert(model)
        model = replace_with_bnb_linear(
            model, modules_to_not_convert=skipped, quantization_config=BitsAndBytesConfig(load_in_4bit=True)
        )
        packed = sum(m.weight.numel() for m in model.modules() if type(m).__name__ == "Linear4bit")
        model.is_loaded_in_4bit = True
        for parameter in model.parameters():
            parameter.requires_grad_(False)
    if method["method"] != "full":
        lora = LoraConfig(
            task_type="CAUSAL_LM",
            r=method["rank"],
            target_modules=method["targets"],
            use_dora=method.get("dora", False),
            modules_to_save=method.get("modulesToSave"),
            init_lora_weights=False,
        )
        model = get_peft_model(model, lora)
        # What print_trainable_parameters prints.
        trainable, _ = model.get_nb_trainable_parameters()
    else:
        trainable = sum(p.numel() for p in unique(model))
    trained = [p for p in unique(model) if p.requires_grad]
    gradient_bytes = 0
    for parameter in trained:
        parameter.grad = torch.empty_like(parameter)
        gradient_bytes += parameter.grad.nbytes
    optimizer = torch.optim.AdamW(trained, foreach=True)
    optimizer.step()
    states = [t for state in optimizer.state.values() for key, t in state.items() if key != "step"]
    return {
        **{key: method[key] for key in ("method", "rank", "targets") if key in method},
        "trainable": trainable,
        "trainedBytes": sum(p.nbytes for p in trained),
        "gradientBytes": gradient_bytes,
        "optimizerBytes": sum(t.nbytes for t in states),
        "packed": packed,
    }


if __name__ == "__main__":
    main()
