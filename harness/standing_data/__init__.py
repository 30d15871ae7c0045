"""Industry standing data: lists that everybody shares, effective-dated, loaded from CSV."""
