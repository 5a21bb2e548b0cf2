# The trainer's image: one engine at a version that ft pins, from the hash-locked requirements that `ft env create` installs too.
# `ft image build` calls this. By hand, in ft's folder:
#   docker build -f docker/trainer.Dockerfile --build-arg ENGINE=trl --build-arg ENGINE_VERSION=1.16.0 --build-arg CUDA=cpu .
# A job brings its own trainer/: mounted at /job, the image runs it (python trainer/run.py).
#
# No RUN --mount and no here-document, so that BuildKit, Docker's classic builder and podman all build it. What a build argument says of
# indexes and mirrors is known to the `build` stage alone, and so is in no layer and no history of the image.

# Debian or Ubuntu, with or without a Python. Certificates of a company's own proxy belong in here.
ARG BASE_IMAGE=python:3.12-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS system
# "cpu", or a CUDA version: "13.2".
ARG CUDA=cpu
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# A distribution's Python comes in parts. Triton compiles at run time: a C compiler and Python's headers, on a GPU only.
# hadolint ignore=DL3008
RUN packages="ca-certificates tini"; \
    python="$(command -v python3 || echo /usr/bin/python3)"; \
    if [ "$python" = /usr/bin/python3 ]; then packages="$packages python3 python3-venv"; fi; \
    if [ "$CUDA" != cpu ]; then \
      packages="$packages gcc libc6-dev"; \
      if [ "$python" = /usr/bin/python3 ]; then packages="$packages python3-dev"; fi; \
    fi; \
    apt-get update \
    && read -ra list <<< "$packages" \
    && apt-get install -y --no-install-recommends "${list[@]}" \
    && rm -rf /var/lib/apt/lists/*

FROM system AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ARG ENGINE=trl
ARG ENGINE_VERSION
ARG CUDA=cpu
# Mirrors, as uv and pip name them.
ARG UV_DEFAULT_INDEX
ARG PIP_INDEX_URL
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY trainer/envs/uv-requirements.txt ./
RUN python3 -m venv /build/uv \
    && /build/uv/bin/pip install --no-cache-dir --quiet --no-deps --only-binary :all: --require-hashes -r uv-requirements.txt
COPY trainer/envs/${ENGINE}-${ENGINE_VERSION}/ ./engine/
# The lock holds torch for one CUDA version. Another one, or the CPU, takes torch from PyTorch's index for it; without that index a CPU gets the lock's.
RUN uv=/build/uv/bin/uv; \
    lock=engine/requirements.lock; \
    export VIRTUAL_ENV=/opt/ft/venv; \
    wanted="$(sed -n 's/^requires-python = "\(.*\)"$/\1/p' engine/pyproject.toml)"; \
    torch="torch==$(sed -n 's/^torch==\([^ ]*\).*/\1/p' "$lock")"; \
    own="$(sed -n 's/^nvidia-cuda-runtime==\([0-9]*\.[0-9]*\).*/\1/p' "$lock")"; \
    case "$CUDA" in cpu) backend=cpu ;; "$own") backend= ;; *) backend="cu$(echo "$CUDA" | tr -d .)" ;; esac; \
    "$uv" venv --no-project --python "$wanted,<3.15" "$VIRTUAL_ENV" \
    && if [ "$backend" = cpu ] && ! UV_HTTP_TIMEOUT=5 UV_HTTP_RETRIES=0 "$uv" pip install --dry-run --no-deps --torch-backend cpu "$torch"; then \
         echo "note: torch's CPU index can't be reached: its CUDA build is installed, about 4 GB more"; \
         backend=; \
       fi \
    && if [ -z "$backend" ]; then \
         "$uv" pip install --no-deps --require-hashes -r "$lock"; \
       else \
         awk '/^[^ ]/ { torch = /^(torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)==/ } !torch' "$lock" > rest.lock \
         && "$uv" pip install --no-deps --require-hashes -r rest.lock \
         && "$uv" pip install --torch-backend "$backend" "$torch"; \
       fi \
    && "$VIRTUAL_ENV/bin/python" -c 'import importlib.metadata as m, sys, torch; assert m.version(sys.argv[1]) == sys.argv[2]; print(torch.__version__)' "$ENGINE" "$ENGINE_VERSION"

FROM system
# Any user may run it (the launcher takes the person's ids): a home that all can write, and a name for those that no passwd knows.
RUN useradd --no-log-init --create-home --uid 10001 ft && chmod 1777 /home/ft && mkdir /job && chown ft: /job
COPY --from=build /opt/ft /opt/ft
COPY docker/health.py /opt/ft/health.py
# NVIDIA_VISIBLE_DEVICES stays unset: which GPUs a container gets is said when it is started.
ENV PATH=/opt/ft/venv/bin:$PATH \
    FT_PYTHON=/opt/ft/venv/bin/python \
    HOME=/home/ft \
    USER=ft \
    LOGNAME=ft \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
ARG ENGINE=trl
ARG ENGINE_VERSION
ARG CUDA=cpu
ARG FT_VERSION=unknown
ARG LOCK_HASH=unknown
LABEL org.opencontainers.image.title="ft trainer: ${ENGINE} ${ENGINE_VERSION}" \
      org.opencontainers.image.version="${FT_VERSION}" \
      ft.version="${FT_VERSION}" \
      ft.engine="${ENGINE}" \
      ft.engine-version="${ENGINE_VERSION}" \
      ft.lock="${LOCK_HASH}" \
      ft.accelerator="${CUDA}"
USER 10001
WORKDIR /job
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["python", "-I", "-S", "/opt/ft/health.py"]
# tini forwards SIGTERM, which run.py turns into a checkpoint, and reaps what the engine leaves behind.
ENTRYPOINT ["tini", "--", "python"]
CMD ["trainer/run.py"]
