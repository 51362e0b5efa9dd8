"""What light does on its way: grids, deflection, profiles, arcs, and the pixels of a scene without noise."""
