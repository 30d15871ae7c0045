"""The usual mistakes in a string-to-sign, part by part."""
