#!/bin/bash
# Made by ft for ft-20260101-120000-test-1. As a job of its own it is submitted by: sbatch --parsable --job-name=ft-20260101-120000-test-1 --open-mode=append --export=NONE --requeue --signal=B:USR1@300 '--chdir=/scratch/me/it'\''s here/runs/20260101-120000-test' --output=stdout.log --dependency=singleton '/scratch/me/it'\''s here/runs/20260101-120000-test/slurm.sh'
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
export NCCL_DEBUG=INFO
export GREETING='it'\''s $HOME'

# Slurm asks to stop before the time limit (USR1), at preemption and at scancel (both TERM): the trainer saves a checkpoint and exits 33.
trainer= asked= again=
stop() {
  asked=$1 again=1
  [ -z "$trainer" ] || kill -TERM "$trainer" 2>/dev/null
}
trap 'stop USR1' USR1
trap 'stop TERM' TERM

/home/me/envs/trl/bin/python '/scratch/me/it'\''s here/runs/20260101-120000-test/trainer/run.py' --attempt 1 --platform-restarts --secrets /home/me/ft-jobs/secrets/20260101-120000-test-1.json &
trainer=$!
[ -z "$asked" ] || stop "$asked"
while :; do # a trap ends wait early; bash keeps the exit code for the next wait
  again=
  wait "$trainer"
  code=$?
  [ -n "$again" ] || break
done

job=$SLURM_JOB_ID
[ -z "$SLURM_ARRAY_JOB_ID" ] || job="$SLURM_ARRAY_JOB_ID"_"$SLURM_ARRAY_TASK_ID"
preempted() { scontrol show job "$job" | grep -q 'PreemptTime=[0-9]'; }
if [ ! -e cancel ]; then
  case "$asked $code" in
    " 33" | "USR1 33" | "USR1 138" | "USR1 143") scontrol requeue "$job" ;;
    "TERM 33" | "TERM 138" | "TERM 143") ! preempted || scontrol requeue "$job" ;;
  esac
fi
exit "$code"
