"""The console: the list of projects, and the page that hands a project's dashboard its code."""
