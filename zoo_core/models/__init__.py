"""Networks with their preprocessing and meaning: load one, predict with it."""
