#!/usr/bin/python3
"""Puts kernel, initrd, command line and release into the systemd stub: a unified kernel image (UAPI.5).

Sections are appended behind the stub's own, each at the next multiple of the section alignment; objcopy writes them.
"""
import argparse
import subprocess
import sys

import pefile


def main():
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--stub", required=True)
    reader.add_argument("--output", required=True)
    reader.add_argument("--section", action="append", default=[], metavar=".NAME=FILE")
    given = reader.parse_args()

    stub = pefile.PE(given.stub, fast_load=True)
    alignment = stub.OPTIONAL_HEADER.SectionAlignment
    base = stub.OPTIONAL_HEADER.ImageBase
    end = max(s.VirtualAddress + s.Misc_VirtualSize for s in stub.sections)
    command = ["objcopy"]
    for section in given.section:
        name, _, path = section.partition("=")
        if not path:
            sys.exit(f"uki.py: --section {section} names no file")
        end = -(-end // alignment) * alignment
        command += ["--add-section", section, "--change-section-vma", f"{name}={base + end:#x}"]
        with open(path, "rb") as content:
            end += len(content.read())
    subprocess.run([*command, given.stub, given.output], check=True)

    written = {s.Name.rstrip(b"\0").decode() for s in pefile.PE(given.output, fast_load=True).sections}
    missing = [s.partition("=")[0] for s in given.section if s.partition("=")[0] not in written]
    if missing:
        sys.exit(f"uki.py: {given.output} lacks {', '.join(missing)}")


if __name__ == "__main__":
    main()
