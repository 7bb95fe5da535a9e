"""Text → scopes → tokens → features → confidences."""
