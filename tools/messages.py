"""The texts of the web client and of mails, and their translations.

python tools/messages.py             write what is new into each django.po, and compile all of them
python tools/messages.py --check     see that nothing is missing, left over or not compiled

`make messages`, after a text was added or changed. Neither needs the gettext programs, which many machines lack.
"""

import argparse
import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib

ROOT = Path(__file__).resolve().parent.parent
# The apps that speak to people in their language. Each has its texts in English, and its translations beside them.
APPS = tuple(ROOT / "minitwitter" / name for name in ("accounts", "web"))
FUNCTIONS = {"_", "gettext", "gettext_lazy", "ngettext"}


class Message(NamedTuple):
    """A text, and its plural if it has one."""

    text: str
    plural: str = ""


def main() -> int:
    """Do what the command line asks for and return the exit code."""
    parser = argparse.ArgumentParser(description="Update or check the translations.")
    parser.add_argument("--check", action="store_true", help="change nothing, and fail when something is missing")
    check = parser.parse_args().check
    problems = [
        problem
        for app in APPS
        for path in catalogues(app)
        for problem in (check_one if check else update)(path, used_messages(app))
    ]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def catalogues(app: Path) -> list[Path]:
    """An app's files with translations, one for each language but English, which stands in the code."""
    return sorted(app.glob("locale/*/LC_MESSAGES/django.po"))


def used_messages(app: Path) -> set[Message]:
    """Every text of an app that is translated."""
    found: set[Message] = set()
    for path in app.rglob("*.py"):
        found.update(in_code(path))
    found.update(in_templates(app / "templates"))
    return found


def in_code(path: Path) -> Iterator[Message]:
    """The texts in a file of Python."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if not texts:
                raise SystemExit(f"{path}:{node.lineno}: {node.func.id} needs a text that stands there.")
            yield Message(*texts)


def in_templates(folder: Path) -> Iterator[Message]:
    """The texts in a folder of templates, read by Django itself."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")
    os.environ.setdefault("MINITWITTER_DATA_DIR", str(ROOT / ".cache" / "data"))
    import django
    from django.template.loader import get_template
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    django.setup()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        nodes = get_template(str(path.relative_to(folder))).template.nodelist  # type: ignore[attr-defined]  # Of Django's backend.
        for one in nodes.get_nodes_by_type(TranslateNode):
            yield Message(one.filter_expression.var.literal.replace("%", "%%"))
        for one in nodes.get_nodes_by_type(BlockTranslateNode):
            plural = one.render_token_list(one.plural)[0] if one.plural else ""
            yield Message(one.render_token_list(one.singular)[0], plural)


def update(path: Path, used: set[Message]) -> list[str]:
    """Write new texts into the file and take out what nobody uses, compile it, and return what is left to translate."""
    catalogue = polib.pofile(str(path), wrapwidth=100)
    known = {Message(entry.msgid, entry.msgid_plural): entry for entry in catalogue}
    for message in used - known.keys():
        entry = polib.POEntry(msgid=message.text, msgid_plural=message.plural)
        entry.msgstr_plural = {0: "", 1: ""} if message.plural else {}
        known[message] = entry
    catalogue[:] = [known[message] for message in sorted(used)]
    catalogue.save()
    catalogue.save_as_mofile(str(path.with_suffix(".mo")))
    return [f"{path.relative_to(ROOT)}: not translated: {entry.msgid!r}" for entry in catalogue if not is_done(entry)]


def check_one(path: Path, used: set[Message]) -> list[str]:
    """What is wrong with a file, and with what was compiled from it."""
    catalogue = polib.pofile(str(path))
    known = {Message(entry.msgid, entry.msgid_plural) for entry in catalogue}
    problems = [f"missing: {message.text!r}" for message in used - known]
    problems += [f"used nowhere: {message.text!r}" for message in known - used]
    problems += [f"not translated: {entry.msgid!r}" for entry in catalogue if not is_done(entry)]
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != catalogue.to_binary():
        problems.append("not compiled")
    return [f"{path.relative_to(ROOT)}: {problem}: run `make messages`" for problem in problems]


def is_done(entry: polib.POEntry) -> bool:
    """Whether every form is translated, with the same places for values as the text has."""
    forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    wanted = places(entry.msgid_plural or entry.msgid)
    return all(form and places(form) <= wanted for form in forms) and places(forms[-1]) == wanted and not entry.fuzzy


def places(text: str) -> set[str]:
    """The names of the values that are put into a text."""
    named = {part.partition(")")[0] for part in text.split("%(")[1:]}
    return named | ({"{n}"} if "{n}" in text else set())


if __name__ == "__main__":
    sys.exit(main())
