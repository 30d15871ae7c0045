"""Evidence packs: a run sealed in one file, verified by anybody, and copied without what names people.

::

    manifest     what stands in a pack, and how its root hash is made
    container    the zip file: written in one order with one time, read within limits
    secrets      what may never be in a pack, and where it was found
    facts        a run in a few fields, and the bytes that its events cite
    assembling   entries and seal, written into one file
    sealing      run folder -> pack
    verifying    pack -> what differs
    personal     which data items name people, places and meters
    pseudonyms   a secret salt's one-to-one replacements
    replacing    the same replacements in JSON, HTML, XML and plain text
    redacting    pack -> redacted pack, bound to the original
"""
