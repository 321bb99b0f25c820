"""Application services: binding, dispatch, units of work, the bus, and the ports they need."""
