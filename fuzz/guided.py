"""The coverage-guided fuzzer (atheris, libFuzzer): its own process, because it ends by exiting.

An input is the number of a golden case in its first byte and then lines. Usage, by `python -m fuzz`:
python -m fuzz.guided SECONDS FOLDER [ID]
"""

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sferic"]):
    from fuzz.cases import cases, seeds
    from fuzz.contract import MAX_BYTES, hold


def main(seconds: int, folder: Path, only: str = "") -> None:
    """Fuzz for so long; what breaks the contract is printed, and its input kept in the folder."""
    chosen = {f"{case.source}/{case.name}": case for case in cases() if only in {"", case.source}}
    names = list(chosen)
    corpus = folder / "seeds"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, lines in seeds():
        if name in chosen:
            data = bytes([names.index(name)]) + b"\n".join(lines)
            (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    def one(data: bytes) -> None:
        if data:
            case = chosen[names[data[0] % len(names)]]
            hold(case.source, case.setup, data[1:].split(b"\n")[:4])

    limits = [f"-max_total_time={seconds}", f"-max_len={MAX_BYTES // 8}", "-timeout=60", "-rss_limit_mb=0"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
