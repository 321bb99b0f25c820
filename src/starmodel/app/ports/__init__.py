"""Ports of stores, buses and clocks, with the data that they exchange."""
