"""Forms of the pages of people, keys and roles. They check form only; apikeys.services decides."""
