"""The door over HTTP: webhooks that wake, and whether all is well."""
