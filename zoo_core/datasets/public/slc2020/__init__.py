"""The Strong Lensing Challenge of the ML4SCI hackathon 2020, and what marginalises its macro-lens."""
