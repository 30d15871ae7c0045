"""Azure DevOps both ways: scenarios as test cases, suites, test points per party; ids and outcomes back.

::

    profile      which organisation, project and test plan, and which variable holds the token
    wanted       scenarios, and the parties that play in them, as they are to stand there
    steps        a test case's steps, to their XML and back
    api          the REST calls that are used, on httpx; what its errors mean
    ledger       what was last in step: our ids and theirs, kept in one file
    gathering    what is wanted there: scenarios of a stage, parties of a network file or of runs
    comparing    who changed a test case since both sides were in step
    looking      what stands there, found by tag and by id
    pushing      test cases, suites and points; nothing twice, nothing over a change of theirs
    outcomes     a run's verdicts, and overrides, as outcomes of test points
    results      outcomes into test runs of theirs
    pulling      theirs to ours
    bugs         defects and design queries of the register
    files        the CSV and XLSX layout of Azure Test Plans, both ways
    outcome_columns, outcome_files   outcomes, testers, runs and builds out of an exported file

Paths, bodies and errors follow the public reference of API version 7.1.
"""
