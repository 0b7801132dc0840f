"""Time a hunt through CloudTrail's files against DuckDB's count by name: `python benchmarks/cloudtrail.py FOLDER`.

Why: an account's audit log is millions of records in small compressed files, each one line; what a hunt costs is then
unpacking, cutting and selecting. DuckDB's side is what a user would type, `read_json` with types found out by itself
(told that only `eventName` is wanted it takes longer). Where the folder is missing it is made first: records of many
services, one in two thousand about Lambda, in files of 8,000 records (about a megabyte). Every command is a process of
its own; they take turns. DuckDB must be installed beside Sferic (`pip install duckdb`). Numbers are printed, never
tested.
"""

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np
from run import Contender, Cost, measure, table

_SFERIC = "import sys; from sferic.cli import main; sys.exit(main())"
_DUCKDB = """
import sys, duckdb
con = duckdb.connect()
con.execute("set enable_progress_bar = false")
con.execute(f"select r.eventName, count(*) from (select unnest(Records) r from {sys.argv[1]}) group by 1").fetchall()
"""
A_FILE = 8_000
_CALLS = (
    ("ec2", "DescribeInstances", '{"instancesSet":{},"filterSet":{"items":[{"name":"tag:role","valueSet":{}}]}}'),
    ("s3", "GetBucketAcl", '{"bucketName":"logs-%(n)d","Host":"s3.eu-north-1.amazonaws.com","acl":""}'),
    ("kms", "Decrypt", '{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::data-%(n)d/key"},"encryptionAlgorithm":"X"}'),
    ("sts", "AssumeRole", '{"roleArn":"arn:aws:iam::111122223333:role/app-%(n)d","roleSessionName":"s%(n)d"}'),
    ("logs", "CreateLogStream", '{"logGroupName":"/aws/lambda/fn-%(n)d","logStreamName":"2026/03/02/[$LATEST]%(n)d"}'),
    ("dynamodb", "DescribeTable", '{"tableName":"orders-%(n)d"}'),
    ("ssm", "GetParametersByPath", '{"path":"/app/%(n)d","recursive":true,"withDecryption":true,"maxResults":10}'),
    ("elasticloadbalancing", "DescribeTargetHealth", '{"targetGroupArn":"arn:aws:x:::targetgroup/t/%(n)d"}'),
)
_LAMBDA = (
    ("lambda", "UpdateFunctionCode20150331v2", '{"functionName":"fn-%(n)d","publish":false,"dryRun":false}'),
    ("lambda", "ListFunctions20150331", "null"),
    ("sts", "GetCallerIdentity", "null"),
)
_RECORD = (
    '{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"EXAMPLE:s%(n)d","arn":"arn:aws:sts::'
    '111122223333:assumed-role/app-%(role)d/s%(n)d","accountId":"111122223333","accessKeyId":"EXAMPLE%(role)d",'
    '"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"EXAMPLE","arn":"arn:aws:iam::111122223333:role/'
    'app-%(role)d","accountId":"111122223333","userName":"app-%(role)d"},"attributes":{"creationDate":'
    '"2026-03-02T08:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"%(time)s","eventSource":"%(service)s.'
    'amazonaws.com","eventName":"%(name)s","awsRegion":"eu-north-1","sourceIPAddress":"203.0.113.%(ip)d",'
    '"userAgent":"aws-sdk-go-v2/1.30 os/linux lang/go#1.22 md/GOOS#linux api/%(service)s#1.4",'
    '"requestParameters":%(asked)s,"responseElements":null,'
    '"requestID":"00000000-0000-4000-8000-%(n)012d","eventID":"00000000-0000-4000-9000-%(n)012d","readOnly":true,'
    '"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management",'
    '"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":'
    '"%(service)s.eu-north-1.amazonaws.com"}}'
)


def record(number: int, kind: int) -> str:
    """Return the record of one number; `kind` decides which call it is."""
    service, name, asked = _LAMBDA[kind % 3] if kind % 2_000 == 0 else _CALLS[kind % len(_CALLS)]
    second = number // 20
    time = f"2026-03-{second // 86_400 % 28 + 1:02}T{second // 3_600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"
    words = {"n": number, "role": kind % 37, "time": time, "service": service, "name": name, "ip": kind % 250 + 1}
    return _RECORD % (words | {"asked": asked % {"n": number}})


def make(folder: Path, events: int) -> None:
    """Write the files as CloudTrail lays them out: a folder for each day, one line in each file."""
    kinds = np.random.default_rng(7).integers(0, 10**9, events)
    for first in range(0, events, A_FILE):
        numbers = range(first, min(first + A_FILE, events))
        text = '{"Records":[' + ",".join(record(n, int(kinds[n])) for n in numbers) + "]}"
        day = first // 20 // 86_400 % 28 + 1
        file = folder / f"{day:02}" / f"111122223333_CloudTrail_eu-north-1_{first:09}.json.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(text.encode(), 6, mtime=0))


def contenders(folder: Path) -> list[Contender]:
    """DuckDB's count, and a hunt."""
    files = f"read_json('{folder}/*/*.json.gz', maximum_object_size = 200000000)"
    return [
        Contender("DuckDB", [sys.executable, "-c", _DUCKDB, files]),
        Contender("sferic hunt", [sys.executable, "-c", _SFERIC, "hunt", str(folder), "--no-save", "-q"]),
    ]


def main() -> None:
    """Make the files where there are none, time all, several rounds, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if not given.folder.exists():
        make(given.folder, given.events)
    files = sorted(given.folder.rglob("*.json.gz"))
    size_bytes = 0
    for file in files:
        with gzip.open(file) as text:
            while chunk := text.read(1 << 24):
                size_bytes += len(chunk)
    costs: dict[str, list[Cost]] = {}
    for _round in range(given.rounds):
        for contender in contenders(given.folder):
            costs.setdefault(contender.name, []).append(measure(contender))
    print(f"{len(files):,} files, {size_bytes / 1e6:,.0f} MB of text, medians of {given.rounds}\n")
    print(table(costs, size_bytes))


if __name__ == "__main__":
    main()
