"""One module per log format; the file name is the source's id, and the folder is the registry.

A module whose name does not begin with an underscore is a source. It defines

- a docstring: a first sentence, the vendor's format page, and a `Cannot show:` paragraph;
- `TABLES`: the event tables it fills, `FIELDS`: the event fields a well-configured log of this kind carries;
- `STAMP`: "start" or "end", when in a connection's life the line is written;
- `Reader`: `Reader(setup).claims(line)` says how surely a line is of this format, `.read(line)` reads it.

See `sferic.sources._contract` for the exact types, `docs/how-to/add-a-source.md` for the recipe.
"""
