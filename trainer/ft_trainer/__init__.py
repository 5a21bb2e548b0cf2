"""What runs in the engine's environment: the children of trainer/run.py, and the standard-library parts of run.py itself."""
