"""Runs every exported text on simulated events and compares what it finds with the truth and with the engine.

`python -m prove` writes `docs/explanation/content-proof.md`. The tests in `tests/content` use the same code on less.
"""
