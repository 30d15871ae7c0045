"""The release model: message definitions, validation, differences between releases."""
