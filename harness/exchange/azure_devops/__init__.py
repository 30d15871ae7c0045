"""Azure DevOps both ways: scenarios as test cases, suites, test points per party; ids and outcomes back.

::

    profile      which organisation, project and test plan, and which variable holds the token
    wanted       scenarios, and the parties that play in them, as they are to stand there
    steps        a test case's steps, to their XML and back
    api          the REST calls that are used, on httpx; what its errors mean
    ledger       what was last in step: our ids and theirs, kept in one file
    outcomes     a run's verdicts as outcomes of test points
    comparing    who changed a test case since both sides were in step
    pushing      ours to theirs; nothing twice, nothing over a change of theirs
    pulling      theirs to ours
    files        the CSV and XLSX layout of Azure Test Plans, both ways

Paths, bodies and errors follow the public reference of API version 7.1.
"""
