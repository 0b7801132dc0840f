"""Asks Elastic's own parser about an ES|QL query: run by `make prove` in the environment of the checkers.

Reads the query from standard input and prints what is wrong with its syntax, its fields and their types, as JSON.
"""

import json
import sys
from importlib import import_module

SCHEMA = {
    "@timestamp": "date", "source.ip": "ip", "source.bytes": "long", "destination.domain": "keyword",
    "destination.bytes": "long",
}  # fmt: skip
"""The fields of the Elastic Common Schema that the query reads."""


def main() -> None:
    """Check."""
    esql = import_module("esql")  # there only in that environment, which our type checker does not see
    try:
        with esql.Schema(SCHEMA):
            esql.parse_query(sys.stdin.read())
    except esql.EsqlError as error:
        sys.stdout.write(json.dumps([str(error)]))
    else:
        sys.stdout.write("[]")


if __name__ == "__main__":
    main()
