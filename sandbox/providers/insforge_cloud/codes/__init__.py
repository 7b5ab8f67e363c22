"""Project-authorization codes: the JWT that lets a user of the cloud into a project's dashboard, and the key set."""
