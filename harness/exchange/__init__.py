"""Systems of others that keep test cases, outcomes and defects: read and written through files and REST."""
