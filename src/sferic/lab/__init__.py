"""A made-up company whose logs, and the truth about them, can be written to disk at will.

Why: no labelled capture of command-and-control behind serverless functions is public, so the detector needs
data whose truth is known. The lab writes raw log lines in the vendors' own formats; it neither reads logs
nor scores them, and it knows nothing of the detector it feeds.
"""
