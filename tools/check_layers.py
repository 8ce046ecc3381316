#!/usr/bin/env python3
"""Fails on an #include that points up, and on one of a room that its CMakeLists.txt does not depend on.

The rooms and their order are read from attune/CMakeLists.txt: a file of a room may include its own room and rooms that stand
before it in that list. The program (cli/) stands above all of them; nothing in attune/ may include it, nor tests, bench or fuzz.

  tools/check_layers.py [ROOT]     exit code 0: all arrows point down; 1: names each that does not
"""
import re
import sys
from pathlib import Path

ROOM_LIST = re.compile(r"foreach\s*\(\s*room\s+([^)]*)\)")
DEPENDS = re.compile(r"\bDEPENDS\b([^)]*?)(?=\b(?:SOURCES|LINK|PRIVATE_LINK)\b|\))")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]')
ABOVE = ("cli", "tests", "bench", "fuzz", "examples")


def room_order(root):
    found = ROOM_LIST.search((root / "attune/CMakeLists.txt").read_text())
    if not found:
        sys.exit("attune/CMakeLists.txt: no `foreach(room ...)` found: where is the order of the rooms?")
    return found.group(1).split()


def direct_dependencies(root, rooms):
    depends = {}
    for room in rooms:
        file = root / "attune" / room / "CMakeLists.txt"
        text = re.sub(r"#.*", "", file.read_text()) if file.exists() else ""
        depends[room] = {word for part in DEPENDS.findall(text) for word in part.split() if word in rooms}
    return depends


def reachable(depends, room):
    seen, open_rooms = set(), [room]
    while open_rooms:
        at = open_rooms.pop()
        if at not in seen:
            seen.add(at)
            open_rooms.extend(depends.get(at, ()))
    return seen


def complaints_about(include, room, order, allowed):
    parts = include.split("/")
    if parts[0] in ABOVE and len(parts) > 1:
        return f"the library includes {parts[0]}/, which stands above it"
    if parts[0] != "attune" or len(parts) < 3:
        return None
    target = parts[1]
    if target not in order:
        return f"'{target}' is no room of attune/CMakeLists.txt"
    if order.index(target) > order.index(room):
        return f"points up: {room} stands below {target}"
    if target not in allowed:
        return f"attune/{room}/CMakeLists.txt does not depend on {target}"
    return None


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    order = room_order(root)
    depends = direct_dependencies(root, order)
    bad, files = [], 0
    for folder in sorted(p for p in (root / "attune").iterdir() if p.is_dir()):
        if folder.name not in order:
            bad.append(f"attune/{folder.name}: a folder that is not in the list of rooms")
            continue
        allowed = reachable(depends, folder.name)
        for file in sorted(folder.rglob("*")):
            if file.suffix not in (".h", ".cpp"):
                continue
            files += 1
            for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
                found = INCLUDE.match(line)
                why = found and complaints_about(found.group(1), folder.name, order, allowed)
                if why:
                    bad.append(f"{file.relative_to(root)}:{number}: {found.group(1)}: {why}")
    for line in bad:
        print(line, file=sys.stderr)
    if files == 0:
        bad.append("")
        print(f"{root}: no sources under attune/", file=sys.stderr)
    print(f"{files} files in {len(order)} rooms, {len(bad)} arrows that point the wrong way")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
