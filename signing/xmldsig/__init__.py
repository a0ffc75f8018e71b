"""XML-DSig core: the form of a signature, references, canonicalisation, algorithms."""
