"""What stands in the sky: galaxies, look-alikes of lenses, real stamps, subhalos, vortices."""
