"""From pixels to parameters: the macro-lens, its fits to many images at once, and what they leave over."""
