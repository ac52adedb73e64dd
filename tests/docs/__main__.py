"""`python -m tests.docs [--write]`: compare the generated pages with the commands, or bring them in step."""

from __future__ import annotations

import sys

from tests.docs.pages import ROOT, pages


def main(arguments: list[str]) -> int:
    """Return 1 where a page differs, after naming it; with --write, write it instead."""
    changed = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in changed:
        print(path.relative_to(ROOT), "written" if "--write" in arguments else "is out of step")
        if "--write" in arguments:
            path.write_text(pages()[path], encoding="utf-8")
    if changed and "--write" not in arguments:
        print("try: python -m tests.docs --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
