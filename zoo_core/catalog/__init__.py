"""What is published and where: registry files, their merged catalogue, and the files of weights."""
