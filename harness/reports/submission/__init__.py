"""The trace matrix of one party in one role at one submission point, over the runs of a cycle.

::

    subject     who submits: a party of the plan or of the runs, in one role
    part        who took part in each case and with what, read from the runs in one pass
    planned     the tests that the catalogue holds for a role
    links       requirement -> tests of the party, with what each verifies
    staleness   why a result no longer counts, by impact
    statuses    the roll-up: test -> evidence class -> phase -> overall
    rows        the sheets, row by row
    changes     what differs from the previous submission
    matrix      all of it as one value; writing is elsewhere (`harness.reports.workbook`)
"""
