"""What is shown of results: tables, pages, plots, pictures."""
