"""Asks SigmaHQ's own validators about rules, without the net: run by the provers' Python, with a folder and its facts.

`python sigma_check.py FOLDER FACTS.json` prints a JSON list of issues. FACTS holds the ATT&CK techniques that the
rules name and the fields of each log source; the validators would fetch both.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from sigma.collection import SigmaCollection
from sigma.data import mitre_attack, mitre_d3fend
from sigma.plugins import InstalledSigmaPlugins
from sigma.validation import SigmaValidator
from sigma.validators.sigmahq.data import data_filename, data_taxonomy, data_windows_eventid, data_windows_provider


def main() -> None:
    """Print what the validators say."""
    folder, facts = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as made:
        _prepare(Path(made), facts)
        rules = SigmaCollection.load_ruleset([str(folder)])
        kinds = InstalledSigmaPlugins.autodiscover().validators
        validator = SigmaValidator(cast("Any", set(kinds.values())))
        issues = validator.validate_rules(cast("Any", iter(rules.rules)))
        told = [f"{issue.rules[0].title}: {type(issue).__name__}: {issue.description}" for issue in issues]
    sys.stdout.write(json.dumps({"rules": len(rules.rules), "validators": len(kinds), "issues": told}))


def _prepare(folder: Path, facts: dict[str, Any]) -> None:
    techniques = [
        {
            "type": "attack-pattern", "id": f"attack-pattern--{name}", "name": one["name"],
            "external_references": [{"source_name": "mitre-attack", "external_id": name}],
            "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": one["tactic"]}],
        }
        for name, one in facts["techniques"].items()
    ]  # fmt: skip
    tactics = [
        {
            "type": "x-mitre-tactic", "id": f"x-mitre-tactic--{name}", "name": name, "x_mitre_shortname": name,
            "external_references": [{"source_name": "mitre-attack", "external_id": f"TA{number:04}"}],
        }
        for number, name in enumerate(facts["tactics"])
    ]  # fmt: skip
    taxonomy = {
        str(number): {"logsource": one["logsource"], "field": {"native": one["fields"], "custom": []}}
        for number, one in enumerate(facts["sources"])
    }
    mitre_attack.set_url(_put(folder, "attack", {"objects": techniques + tactics}))
    mitre_d3fend.set_url(_put(folder, "d3fend", {"@graph": []}))
    for module, name, body in (
        (data_taxonomy, "taxonomy", {"version": "1", "taxonomy": taxonomy}),
        (data_filename, "filename", {"version": "1", "pattern": {}}),
        (data_windows_eventid, "eventid", {"version": "1", "category_no_eventid": []}),
        (data_windows_provider, "provider", {"version": "1", "category_provider_name": {}}),
    ):
        module.set_cache_dir(str(folder / "cache"))
        module.set_url(_put(folder, name, body))


def _put(folder: Path, name: str, body: object) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    return str(path)


if __name__ == "__main__":
    main()
