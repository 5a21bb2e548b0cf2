"""What tests of trainings in this process share: a tiny model in a scratch folder, and the working directory as it was when they end."""

import os
import tempfile
import unittest

from make_tiny_model import make_tiny_model


class TinyModelCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = scratch.name
        cls.model = os.path.join(scratch.name, "tiny")
        make_tiny_model(cls.model)
        cls.addClassCleanup(os.chdir, os.getcwd())
