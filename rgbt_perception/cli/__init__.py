"""The `rgbt` command, one file a sub-command."""
