"""Stored views and page layouts: what they are made of, the rules between their parts, and the only writers of them."""
