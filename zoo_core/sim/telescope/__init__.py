"""What a telescope makes of it: point-spread functions, surveys with their noise and faults, footprints."""
