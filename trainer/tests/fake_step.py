"""A step without an engine, copied into job folders to test the supervisor: real processes, real pipes, no imports of torch."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

from ft_trainer import events
from ft_trainer.checkpoints import last_complete, seal
from ft_trainer.child import run_child


def work(stop):
    what = sys.argv[1]
    events.phase("training")
    if what == "steps":
        for step in range(1, 6):
            events.emit("metric", step=step, totalSteps=5, values=events.numbers({"loss": 1 / step, "grad_norm": float("nan")}))
        print("five steps done")
    elif what == "sleep":
        time.sleep(60)
    elif what == "grandchild":
        if os.fork() == 0:
            time.sleep(60)
        time.sleep(60)
    elif what == "checkpoint":
        stop.defer()
        while not stop.requested:
            time.sleep(0.02)
        events.emit("checkpoint", path="out/checkpoints/checkpoint-7", step=7, sha256="00")
        return 33
    elif what == "save":  # grows a file at each step, and a checkpoint says so
        stop.defer()
        os.makedirs("out/checkpoints", exist_ok=True)
        for step in range(1, 500):
            with open(f"out/checkpoints/{step}", "wb") as file:
                file.write(bytes(100_000))
            events.emit("checkpoint", path=f"out/checkpoints/checkpoint-{step}", step=step, sha256="00")
            time.sleep(0.05)
            if stop.requested:
                return 33
    elif what == "checkpoints":  # a whole one at each step, and goes on from the last
        stop.defer()
        last = last_complete("out/checkpoints", print) if os.environ["FT_RESUME"] == "1" else None
        for step in range(int(last.rpartition("-")[2]) + 1 if last else 1, int(sys.argv[2]) + 1):
            path = f"out/checkpoints/checkpoint-{step}"
            os.makedirs(path)
            with open(f"{path}/weights", "w", encoding="utf-8") as file:
                file.write(str(step) * 1000)
            events.emit("checkpoint", path=path, step=step, sha256=seal(path))
            for name in os.listdir("out/checkpoints"):  # as engines do it: also what an earlier attempt left
                if int(name.rpartition("-")[2]) < step - 1:
                    shutil.rmtree(f"out/checkpoints/{name}")
            time.sleep(0.05)
            if stop.requested:
                return 33
        os.makedirs("out/adapter")
        with open("out/adapter/weights", "w", encoding="utf-8") as file:
            file.write("trained")
    elif what == "resume":  # tells whether it was asked to
        events.warn(f"FT_RESUME={os.environ['FT_RESUME']}")
    elif what == "secrets":  # reads them as a step does, and keeps what they hash to
        path = os.environ["HF_TOKEN_PATH"]
        with open(path, encoding="utf-8") as token, open("/proc/self/environ", "rb") as environ:
            found = {"token": token.read(), "key": os.environ["WANDB_API_KEY"], "mode": oct(os.stat(path).st_mode & 0o777)}
            found["is_in_environ"] = found["token"].encode() in environ.read()
        with open(os.path.join(os.environ["RESULT"]), "w", encoding="utf-8") as file:
            json.dump({"path": path, **found}, file)
    elif what == "raise":  # the text of an error, as it was raised somewhere
        raise RuntimeError(" ".join(sys.argv[2:]))
    elif what == "flaky":  # loses the network so many times
        with open("starts", "a", encoding="utf-8") as file:
            file.write(f"{os.environ['FT_RESUME']}\n")
            if file.tell() <= 2 * int(sys.argv[2]):
                raise ConnectionError("Connection to the Hub was lost")
    elif what == "gloo":  # two processes would meet over an interface that is not there
        import torch.distributed

        torch.distributed.init_process_group("gloo", init_method="tcp://127.0.0.1:0", rank=0, world_size=1)
    elif what == "hold":  # notes in a shared log which GPUs it has, and from when to when
        for word in ("takes", "gives"):
            with open(sys.argv[2], "a", encoding="utf-8") as log:
                log.write(f"{word} {os.environ['CUDA_VISIBLE_DEVICES']} {sys.argv[4]}\n")
            time.sleep(float(sys.argv[3]) if word == "takes" else 0)
    elif what == "stubborn":
        stop.defer()
        time.sleep(60)
    elif what == "memory":
        raise MemoryError("no room")
    elif what == "exit":
        sys.exit(9)
    elif what == "exit-with":
        sys.exit(int(sys.argv[2]))
    elif what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "flood":
        while True:
            events.emit("sample", row=0, inputIds=[1] * 2000, labels=[], text="", trainedText="")
    elif what == "leave-open":  # a helper outlives the step with the pipe in its hands
        subprocess.Popen(["sleep", "20"], close_fds=False)
    return 0


if __name__ == "__main__":
    run_child(work)
