"""How the site is made: the build command, the Sphinx extension, templates and assets."""
