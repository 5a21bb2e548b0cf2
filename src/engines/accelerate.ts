// config/accelerate.yaml: how several GPUs (or CPU processes) train together, as `accelerate launch --config_file` reads it.
import { stringify } from "yaml";
import { batchOf } from "../recipes/batch.js";
import type { RenderInput } from "./contract.js";
import { precisionOf } from "./precision.js";

export const accelerateFile = "config/accelerate.yaml";

/** One process needs no launcher; DeepSpeed and FSDP do, also on one GPU (offload). */
export function needsLauncher({ compute }: RenderInput["recipe"]): boolean {
  return compute.gpus > 1 || parallelOf(compute) !== "ddp";
}

/** `auto` copies the model: it is the fastest where the model fits. */
function parallelOf({ parallel }: RenderInput["recipe"]["compute"]): "ddp" | "fsdp" | "zero1" | "zero2" | "zero3" {
  return parallel === "auto" ? "ddp" : parallel;
}

/** After accelerate 1.15's own config files and TRL's trl/accelerate_configs. */
export function accelerateYaml({ recipe, device }: Pick<RenderInput, "recipe" | "device">): string {
  const { compute } = recipe;
  const precision = precisionOf(recipe, device);
  const config = {
    compute_environment: "LOCAL_MACHINE",
    debug: false,
    ...strategy(recipe),
    downcast_bf16: "no",
    machine_rank: 0,
    main_process_port: 0,
    main_training_function: "main",
    mixed_precision: precision === "fp32" ? "no" : precision,
    num_machines: 1,
    num_processes: compute.gpus,
    rdzv_backend: "static",
    same_network: true,
    tpu_env: [],
    tpu_use_cluster: false,
    tpu_use_sudo: false,
    use_cpu: device.kind === "cpu",
  };
  return `# made by ft; for accelerate launch\n${stringify(config, { compat: "yaml-1.1" })}`;
}

function strategy(recipe: RenderInput["recipe"]): Record<string, unknown> {
  const { compute } = recipe;
  const parallel = parallelOf(compute);
  if (parallel === "ddp") return { distributed_type: "MULTI_GPU" }; // on CPUs too, by use_cpu: MULTI_CPU would start one process
  if (parallel === "fsdp") return fsdp(recipe);
  const stage = Number(parallel.at(-1));
  return {
    distributed_type: "DEEPSPEED",
    deepspeed_config: {
      deepspeed_multinode_launcher: "standard",
      gradient_accumulation_steps: batchOf(recipe).accumulation,
      offload_optimizer_device: compute.offload === "none" ? "none" : "cpu",
      offload_param_device: compute.offload === "all" ? "cpu" : "none",
      zero3_init_flag: stage === 3,
      ...(stage === 3 ? { zero3_save_16bit_model: true } : {}),
      zero_stage: stage,
    },
  };
}

function fsdp({ compute, train, method }: RenderInput["recipe"]): Record<string, unknown> {
  const shards = compute.gpus / compute.context_parallel;
  return {
    distributed_type: "FSDP",
    enable_cpu_affinity: false,
    fsdp_config: {
      fsdp_activation_checkpointing: train.gradient_checkpointing,
      fsdp_auto_wrap_policy: "TRANSFORMER_BASED_WRAP",
      fsdp_cpu_ram_efficient_loading: method.type !== "qlora", // rank 0 alone would quantise, and the others wait for ever
      fsdp_offload_params: compute.offload === "all",
      fsdp_reshard_after_forward: true,
      fsdp_state_dict_type: "FULL_STATE_DICT",
      fsdp_version: 2,
    },
    ...(compute.context_parallel > 1
      ? {
          parallelism_config: {
            parallelism_config_dp_replicate_size: 1,
            parallelism_config_dp_shard_size: shards,
            parallelism_config_tp_size: 1,
            parallelism_config_cp_size: compute.context_parallel,
            parallelism_config_cp_comm_strategy: "alltoall",
          },
        }
      : {}),
  };
}
