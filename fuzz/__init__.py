"""Feeds damaged lines to every log source and holds what comes out to the contract of events; see CONTRIBUTING.md."""
