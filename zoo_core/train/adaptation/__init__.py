"""Domain adaptation: a network that learns from labelled images of one kind shall work on unlabelled ones of another.

Each method is one file: what it adds to the loss of a step. `target` joins a method with a recipe.
"""
