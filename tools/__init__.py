"""Tools of the repository; nothing of it is installed with Werkfunk."""
