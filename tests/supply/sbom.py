"""Writes the list of what is shipped, as CycloneDX 1.6: ``python -m tests.supply.sbom [FILE]``."""

import sys
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from api.config import ROOT
from tests.supply.requirements import ACCELERATED, SHIPPED, Pin, pins

BUILD = "accelerate.sh, beside the published build"


def bill() -> Bom:
    """The server with every package of its requirements, and of those of the vendors' SDKs.

    What is built from its source as well (``accelerate.sh``) says so; the tools that build it are not shipped.
    """
    whole = Component(name="dongbao-accounts", version=_version(), type=ComponentType.APPLICATION)
    bom = Bom()
    bom.metadata.component = whole
    parts = {(pin.name, pin.version): _component(pin) for file in SHIPPED for pin in pins(file)}
    bom.components.update(parts.values())
    bom.register_dependency(whole, parts.values())
    return bom


def _component(pin: Pin) -> Component:
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    # The schema wants one hash of each kind for a file; a package has one for each of its files, of which none is first.
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=pin.hashes[0])] if len(pin.hashes) == 1 else []
    return Component(
        name=pin.name,
        version=pin.version,
        purl=purl,
        bom_ref=str(purl),
        hashes=hashes,
        type=ComponentType.LIBRARY,
        properties=[Property(name="dongbao:built-from-source", value=BUILD)] if pin.name == ACCELERATED else [],
    )


def _version() -> str:
    """As CHANGELOG.md has it, newest first."""
    heading = next(
        line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line.startswith("## [")
    )
    return heading.rpartition(" ")[2]


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "sbom.json")
    path.write_text(JsonV1Dot6(bill()).output_as_string(indent=2), encoding="utf-8")
    print(f"{path}: {len(bill().components)} packages")
