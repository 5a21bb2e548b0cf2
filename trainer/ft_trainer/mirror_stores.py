"""Where ft_trainer.mirror keeps a run: a folder of a mounted bucket, or a folder in a dataset repository of the Hub (one commit a call of `put`)."""

import os
import shutil

#: As names of the job folder, in the store too.
CANCEL_PREFIX = "cancel-"


def open_store(where):
    """`hub:owner/name/folder`, else a path."""
    if where.startswith("hub:"):
        owner, name, folder = where[4:].split("/", 2)
        return HubStore(f"{owner}/{name}", folder)
    return FolderStore(where)


class FolderStore:
    """Whole files, written from start to end: object stores have no renames, and what is mounted of them takes no other writes."""

    is_cheap = True  # small files may come at every look

    def __init__(self, root):
        self.root = root

    def fetch(self, into):
        paths = []
        for base, _, names in os.walk(self.root):
            for name in names:
                path = os.path.relpath(os.path.join(base, name), self.root)
                if not path.startswith(CANCEL_PREFIX):
                    paths.append(path)
                    _copy(os.path.join(base, name), os.path.join(into, path))
        return paths

    def put(self, paths, gone):
        for path in paths:
            try:
                _copy(path, os.path.join(self.root, path))
            except FileNotFoundError:
                if os.path.exists(path):
                    raise
                # deleted while it was brought: what of its checkpoint is in the store goes at the next look
        for path in gone:
            if os.path.exists(os.path.join(self.root, path)):
                os.unlink(os.path.join(self.root, path))

    def has(self, path):
        return os.path.exists(os.path.join(self.root, path))


class HubStore:
    """A commit is whole or not there, so the order within one does not matter."""

    is_cheap = False

    def __init__(self, repo, folder):
        from huggingface_hub import HfApi  # its token: HF_TOKEN, from the job's secrets

        self.api, self.repo, self.folder = HfApi(), repo, folder

    def fetch(self, into):
        import tempfile

        with tempfile.TemporaryDirectory(dir=into) as space:
            pattern = f"{self.folder}/**"
            self.api.snapshot_download(self.repo, repo_type="dataset", allow_patterns=pattern, local_dir=space)
            fetched = FolderStore(os.path.join(space, self.folder))
            return fetched.fetch(into)

    def put(self, paths, gone):
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        if not paths and not gone:
            return
        added = [CommitOperationAdd(f"{self.folder}/{path}", path) for path in paths]
        deleted = [CommitOperationDelete(f"{self.folder}/{path}") for path in gone]
        self.api.create_commit(self.repo, [*added, *deleted], commit_message=f"{self.folder}, by ft", repo_type="dataset")

    def has(self, path):
        return self.api.file_exists(self.repo, f"{self.folder}/{path}", repo_type="dataset")


def _copy(source, target):
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    shutil.copyfile(source, target)
