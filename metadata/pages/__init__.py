"""Settings → Data model: objects, fields, relations and indexes, made and changed by hand."""
