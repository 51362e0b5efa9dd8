"""From the parameters of lenses to the pixels of a telescope, on any device."""
