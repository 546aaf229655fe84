"""What an audit does behind its front door: plans, asks, reads groups, and keeps evidence."""
