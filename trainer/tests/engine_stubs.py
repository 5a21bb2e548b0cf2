"""Stand-ins for the heavy packages that axolotl's schemas import for a name or two, so that they can be read without torch: import engine_stubs.

Only with these packages absent. A name that is asked for becomes an empty class; the few whose values matter are given here.
"""

import enum
import importlib.abc
import importlib.machinery
import sys
import types

PACKAGES = ("torch", "transformers", "accelerate", "PIL", "peft", "datasets", "trl", "bitsandbytes", "huggingface_hub", "tokenizers")


class Stub(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__ == "torch" and name == "cuda":
            return types.SimpleNamespace(is_available=lambda: False)  # the GPU is what the validator says it is
        if self.__name__ == "torch":
            return name  # torch.int8: enumerations of types are enumerations of their names
        if name.startswith("is_"):
            return lambda *_, **__: False
        return type(name, (object,), {})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in PACKAGES else None

    def create_module(self, spec):
        return Stub(spec.name)

    def exec_module(self, module):
        if module.__name__ == "PIL.Image":
            module.Resampling = enum.IntEnum("Resampling", "NEAREST LANCZOS BILINEAR BICUBIC BOX HAMMING", start=0)


sys.meta_path.insert(0, Finder())
