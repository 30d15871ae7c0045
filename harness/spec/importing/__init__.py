"""API releases from outside: published YAML files or one OpenAPI document, read offline into our form."""
