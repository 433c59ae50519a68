"""A study's files to one page that a person wants to read."""
