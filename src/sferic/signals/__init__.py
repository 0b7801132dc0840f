"""One module per kind of evidence; the file name is the signal's id, and the folder is the registry.

A signal measures segments of a `Window` and puts its measurement into words. It gives no points: how much a
measurement counts stands in `catalog/weights.toml`. See `sferic.signals._contract` and `docs/explanation/scoring.md`.
"""
