"""A plain application: Django models, DRF's viewsets and a graphene-django schema, as their guides have them.

It checks no key, and normalises and records nothing of what Fourgate does (phone numbers, history, kept totals, search
words, webhooks). Its tables are made and filled by `benchmarks.plain.seeding`.
"""
