"""What people decide about results, as YAML files of one folder beside the plan.

::

    model       defects, design queries, overrides, reliance statements: their fields
    lifecycle   which status may follow which
    reading     the files, held to their JSON Schemas; ids that don't exist are refused
    writing     entries changed or added in place; nothing else of a file changes
    raising     failed verdicts -> new defects, matched ones, reopened ones
    moving      a person moves an entry to another status
    reliance    whether a statement still covers what it is asked for

Work-off items and exemptions stand in the plan (`harness.stages.plan.model`).
"""
