"""XML-DSig / XAdES validation and signing, certificates, trust, roster."""
