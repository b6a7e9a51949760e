"""What an evaluation leaves: tables, figures, sheets of photos and pages."""
