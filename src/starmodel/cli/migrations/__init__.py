"""The commands of migrations: flags, questions, files and reports."""
