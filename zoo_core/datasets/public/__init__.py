"""Adapters of public data sets, and of a user's own folder."""
