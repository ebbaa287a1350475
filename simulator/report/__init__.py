"""Tables, text and files for people; what they read is computed below."""
