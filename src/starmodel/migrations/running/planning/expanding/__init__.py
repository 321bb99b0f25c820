"""Steps as actions, by subject; each leads from a state to the next one."""
