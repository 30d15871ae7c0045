"""API releases as data: messages, validation with explained findings, differences, routing, codes."""
