"""Mails, to a real SMTP server that is told how to behave."""
