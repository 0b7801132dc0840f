"""History on disk: what earlier runs read and found, in one DuckDB file.

The only room that knows its tables. It keeps rows as logs gave them, and settles and weighs nothing.
"""
