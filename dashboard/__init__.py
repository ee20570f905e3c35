"""The dashboard: one page a question, all state in the URL."""
