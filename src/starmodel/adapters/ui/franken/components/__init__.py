"""Components for pages of the application's own: figures, charts and tables."""
