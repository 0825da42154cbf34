"""What happens in a workspace: the log of its requests, and the audit of what its admins do."""
