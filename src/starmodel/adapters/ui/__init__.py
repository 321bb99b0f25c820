"""From entities to components and pages."""
