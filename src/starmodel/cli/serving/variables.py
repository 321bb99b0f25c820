"""Environment variables by which `starmodel run` passes its arguments to worker processes."""

TARGET_VARIABLE = "STARMODEL_TARGET"
# The watched folder of a reloading development server.
RELOADS_VARIABLE = "STARMODEL_RELOADS"
SOURCES_VARIABLE = "STARMODEL_SOURCES"
