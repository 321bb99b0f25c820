"""The DDL that brings tables from one definition to another, in each dialect."""
