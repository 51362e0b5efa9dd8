"""Many images through a model: inputs, reading, shards, scoring, tables, gallery, resuming."""
