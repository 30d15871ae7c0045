"""Test authority, certificates, revocation, signing and its explanation."""
