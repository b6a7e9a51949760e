"""The user study of the paper (section 5.2) as a small server: panels to be rated, and what comes of them."""
