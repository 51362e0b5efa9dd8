"""Putting a model on the Hugging Face Hub, with a card that says what was measured."""
