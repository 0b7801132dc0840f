"""Where bytes become events: open inputs, select candidate lines, route each to the source that knows it.

Flow inside the room: inputs → codecs → blocks → selector → scan → routing → traffic. No scoring here.
"""
