"""Forms of the data model's pages. They check form only; metadata.services decides."""
