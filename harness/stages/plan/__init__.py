"""The programme plan as data: what is inconsistent in it, what can start, and go or no-go at a gate.

Pure functions over one `Plan`, the facts of runs, and a date. Files are read at one end (`reading`, `runs`).
"""
