#!/usr/bin/python3
"""Writes the bill of materials of an image (CycloneDX 1.6, JSON): Debian's packages and the program's own libraries.

sbom.py --packages packages.txt --program FOLDER --version TEXT --output FILE

packages.txt has a line for each package: name version architecture. The program's libraries stand in cirt.deps.json.
The same inputs give the same bytes: no clock, no random serial number.
"""
import argparse
import hashlib
import json
import os
import urllib.parse
import uuid


def debian(path):
    for line in open(path, encoding="utf-8"):
        if not line.strip():
            continue
        name, version, architecture = line.split()
        purl = f"pkg:deb/debian/{urllib.parse.quote(name)}@{urllib.parse.quote(version, safe='')}?arch={architecture}&distro=trixie"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def libraries(folder):
    with open(os.path.join(folder, "cirt.deps.json"), encoding="utf-8") as deps:
        known = json.load(deps)["libraries"]
    for full, about in sorted(known.items()):
        name, version = full.rsplit("/", 1)
        if about.get("type") == "project" or name.startswith("Appliance."):
            continue
        name = name.removeprefix("runtimepack.")
        purl = f"pkg:nuget/{urllib.parse.quote(name)}@{urllib.parse.quote(version)}"
        part = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        if about.get("sha512", "").startswith("sha512-"):
            import base64
            part["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(about["sha512"][7:]).hex()}]
        yield part


def main():
    reader = argparse.ArgumentParser(description=__doc__)
    for name in ("packages", "program", "version", "output"):
        reader.add_argument(f"--{name}", required=True)
    given = reader.parse_args()
    components = [*debian(given.packages), *libraries(given.program)]
    seed = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).hexdigest()
    root = f"pkg:generic/cirt-appliance@{given.version}"
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {"component": {"type": "operating-system", "bom-ref": root, "name": "cirt-appliance", "version": given.version, "purl": root}},
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": [c["bom-ref"] for c in components]}],
    }
    with open(given.output, "w", encoding="utf-8") as out:
        json.dump(bill, out, indent=1, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    main()
