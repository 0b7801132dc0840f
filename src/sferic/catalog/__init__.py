"""What Sferic knows about the outside world, as data: platforms, benign services, user agents, weights.

The TOML files are the knowledge and the modules beside them only read it.
Nothing here looks at events or scores anything.
"""
