"""The official XML schema of ETSI TS 119 102-2 V1.4.1, out of the jars that EU DSS publishes.

Source: Maven Central, eu.europa.ec.joinup.sd-dss:specs-validation-report and its dependencies
(LGPL-2.1; the schemas themselves are ETSI's and the W3C's). Fetched with the DSS peer, never kept.
"""

import re
import zipfile
from functools import cache
from typing import Any

from lxml import etree

from tests.support.dss import classpath

_SCHEMA = "xsd/TS119102-2-v141.xsd"
_BY_IMPORT = {
    "xmldsig-core-schema.xsd": "xsd/xmldsig-core-schema.xsd",
    "XAdES.xsd": "xsd/XAdES.xsd",
    "ts_119612v020201_201601xsd.xsd": "xsd/ts_119612v020101_xsd.xsd",
    "xml.xsd": "xsd/xml.xsd",
}


class _FromJars(etree.Resolver):
    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:
        name = system_url.rsplit("/", 1)[-1]
        octets = self._files[_BY_IMPORT.get(name, f"xsd/{name}")]
        return self.resolve_string(octets, context, base_url=system_url)


@cache
def etsi_schema() -> etree.XMLSchema:
    """The schema, with everything it imports; nothing is asked of a network."""
    files = {}
    for jar in classpath().split(":"):
        if re.search(r"/specs-[a-z0-9-]+-[0-9.]+\.jar\Z", jar):
            with zipfile.ZipFile(jar) as archive:
                for name in archive.namelist():
                    if name.endswith(".xsd"):
                        files.setdefault(name, archive.read(name))
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    parser.resolvers.add(_FromJars(files))
    return etree.XMLSchema(etree.fromstring(files[_SCHEMA], parser, base_url="jar:/xsd/vr.xsd"))
