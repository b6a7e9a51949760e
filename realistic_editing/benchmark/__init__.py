"""How fast the project is beside code written the plain way. A suite is one file; a report is one format."""
