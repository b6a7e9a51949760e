"""How far each earlier method, as written here, agrees with its published results."""
