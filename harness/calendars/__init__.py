"""Calendars as data: working days, settlement timetables, migration days, opening times."""
