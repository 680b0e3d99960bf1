"""Right solutions."""
