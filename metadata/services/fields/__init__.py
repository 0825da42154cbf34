"""The writers of fields, relations included, by verb."""
