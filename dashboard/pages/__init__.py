"""One module a page; each has a `PAGE`, found by `dashboard.registry`."""
