"""The table of commands. Each is named by where it lives, and imported only when it is called."""

from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from sferic import __version__
from sferic.cli._exit import EXIT_CODES
from sferic.cli._streams import STANDARD
from sferic.model.errors import UsageError

_EPILOGUE = "Exit codes: " + "; ".join(f"{code} {what}" for code, what in EXIT_CODES if code <= 12) + "."

app = App(
    name="sferic",
    help="Finds command-and-control that hides behind serverless functions, in the logs you already have.",
    help_epilogue=_EPILOGUE,
    help_format="plaintext",
    version=__version__,
    suppress_keyboard_interrupt=False,  # `main` has a word to say
    version_flags=("--version", "-V"),
    default_parameter=Parameter(negative=(), show_default=False),
)
for _name, _place, _help in (
    ("hunt", "sferic.cli.hunt:hunt", "Find channels to serverless functions in logs, ranked, with reasons."),
    ("explain", "sferic.cli.explain:explain", "Show one finding of the last hunt in full."),
    ("store", "sferic.cli.store:store", "Show what a store of earlier hunts holds."),
    ("normalize", "sferic.cli.normalize:normalize", "Print what logs say as events of one schema."),
    (
        "platforms",
        "sferic.cli.platforms:platforms",
        "List the known platforms, or say where a host name leads.",
    ),
    ("functions", "sferic.cli.functions:functions", "List your own functions, and who talks to them."),
    ("rules", "sferic.cli.rules:rules", "List the rules for cloud audit logs, or show one."),
    ("demo", "sferic.cli.demo:demo", "Hunt through an example company and compare with the truth."),
    ("export", "sferic.cli.export:export", "Write rules, searches and pages for other products."),
    ("simulate", "sferic.cli.simulate:simulate", "Write the logs of a made-up company, with known answers."),
    ("evaluate", "sferic.cli.evaluate:evaluate", "Measure how well it detects, beside what others compute."),
    ("config", "sferic.cli.config:config", "Print every setting with its value, as a settings file."),
):
    app.command(_place, name=_name, help=_help, help_epilogue="")
app.command("sferic.cli.lab:app", name="lab", help="Play the published page's four tests, for logs to hunt in.")
app.command(
    "sferic.cli.sources:app",
    name="sources",
    help="List the log formats that can be read, show one, or check logs.",
)
app.command("sferic.cli.spl:app", name="spl", help="Run Splunk searches over raw logs, without Splunk.")
app.command("sferic.cli.cloud:app", name="cloud", help="Learn who is expected to change functions.")


def run(argv: Sequence[str]) -> int:
    """Parse the command line, call the command, and return its exit code."""
    try:
        code = app(
            [STANDARD if word == "-" else word for word in argv],
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        many = error.unused_tokens if isinstance(error, UnusedCliTokensError) else ()
        problem = f"nothing is expected there: {', '.join(many)}" if many else str(error)
        files = (f"`./{word}` names the file" for word in argv if word.startswith("-") and Path(word).is_file())
        raise UsageError(problem, hint=next(files, "`sferic --help`, `sferic COMMAND --help`")) from error
    return int(code or 0)
