"""Building messages: identifiers, references and seeded, domain-true sample data."""
