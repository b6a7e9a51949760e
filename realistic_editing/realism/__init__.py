"""The critic: how real a photo looks where it may have been edited."""
