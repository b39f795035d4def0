"""mdBook's preprocessor for pages that lie outside of docs/: results/README.md and the files of sweeps/.

SUMMARY.md names them as ../results/README.md, as the repository's own view needs it. In the book they get a place inside, files that
are no Markdown become one block of code, and links to them, from wherever, lead there. Links to other files of the repository
are left as words.
"""

import json
import os
import posixpath
import re
import sys

LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def inside(path):
    """The place in the book of the file at `path`, seen from docs/."""
    if not path.startswith("../"):
        return path
    path = path[3:]
    return path if path.endswith(".md") else path + ".md"


def seen_from_docs(path):
    path = posixpath.normpath(path)
    return path.removeprefix("../docs/")


def chapters(items):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            yield chapter
            yield from chapters(chapter["sub_items"])


def relink(text, source, place, known):
    """`text` of the file at `source`, which stands at `place` in the book, with links that hold there."""

    def link(match):
        words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        file, hash_, anchor = target.partition("#")
        file = seen_from_docs(posixpath.join(posixpath.dirname(source), file))
        # A folder is represented by the first page in it.
        file = min((page for page in known if page.startswith(file + "/")), default=file)
        if file in known:
            there = posixpath.relpath(inside(file), posixpath.dirname(place) or ".")
            return f"[{words}]({there}{hash_}{anchor})"
        if file.startswith("..") or not os.path.exists(file):
            return words
        return match[0]

    parts, last = [], 0
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(link, text[last : fence.start()]), fence[0]]
        last = fence.end()
    return "".join(parts) + LINK.sub(link, text[last:])


def main():
    if sys.argv[1:2] == ["supports"]:
        return
    _, book = json.load(sys.stdin)
    every = [chapter for chapter in chapters(book.get("items") or book["sections"]) if chapter.get("path")]
    known = {chapter["source_path"] for chapter in every}
    for chapter in every:
        source = chapter["source_path"]
        place = chapter["path"] = inside(source)
        if source.endswith(".md"):
            chapter["content"] = relink(chapter["content"], source, place, known)
        else:
            kind = posixpath.splitext(source)[1].lstrip(".")
            chapter["content"] = f"# {chapter['name']}\n\n```{kind}\n{chapter['content'].rstrip()}\n```\n"
    json.dump(book, sys.stdout)


main()
