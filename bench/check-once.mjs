// One check in one thread, without a model and without near copies: structure, text rules and exact copies alone (bench/data-check.mjs).
import { checkWith } from "../dist/dataset/check-dataset.js";
import { observersHere } from "../dist/dataset/observe-rows.js";

const [, , path] = process.argv;
const report = await checkWith(
  {
    dir: "/",
    train: [{ path, format: "auto", weight: 1 }],
    format: "auto",
    seed: 1,
    model: null,
    objective: "sft",
    rules: { DUP003: "off" },
  },
  observersHere,
);
if (report.rows === 0) process.exitCode = 1;
