"""How well detectors do on simulated traffic whose truth is known: ours and the baselines, counted alike.

Judges come from outside (`sferic.pipeline.judging`); nothing here knows how ours weighs.
"""
