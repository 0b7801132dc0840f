"""The commands of a search, a module for each kind; `sferic.spl.parsing` knows them all by name."""
