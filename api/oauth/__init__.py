"""The built-in issuer over HTTP: endpoints for applications, and pages for people."""
