"""From the tiles of a survey to a table and a page of candidates."""
