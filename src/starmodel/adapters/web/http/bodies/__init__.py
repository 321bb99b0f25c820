"""Request bodies: JSON, forms and multipart, parsed within bounds."""
