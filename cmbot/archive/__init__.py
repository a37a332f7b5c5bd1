"""The as-run archive: what was run and what came of it, read-only and named by its content (E4, E5).

::

    archive/objects/3f/9a…        a file's content, named by its SHA-256; the same content is kept once
    archive/tries/<run name>/1.json, 2.json …   manifests: what is known of a try, and which files it has

Nothing is ever changed or replaced: what is learnt later makes the next manifest, which holds the hash of
the one before.
"""
