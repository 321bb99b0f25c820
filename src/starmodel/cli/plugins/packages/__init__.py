"""Installs and removes the packages of plugins."""
