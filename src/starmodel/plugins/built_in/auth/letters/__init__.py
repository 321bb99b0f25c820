"""Letters by mail with links and codes that prove an address."""
