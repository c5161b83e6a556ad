"""`python -m chainrule <command>`."""

import sys

COMMANDS = {"explain": "the backprop of a script as a page: explain script.py [--at LINE | --last] [-o page.html]"}


def main(arguments: list[str]) -> int:
    """Run a command; 2 for one that is not there."""
    command, *rest = arguments or ["--help"]
    if command == "explain":
        from .explain.command import main as explain

        return explain(rest)
    lines = [f"  {name}  {what}" for name, what in COMMANDS.items()]
    known = command in ("-h", "--help")
    head = [] if known else [f"python -m chainrule: no command {command!r}"]
    print("\n".join([*head, "usage: python -m chainrule <command>", *lines]), file=sys.stdout if known else sys.stderr)
    return 0 if known else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
