"""The project as a whole: wheel, notes, public names, notebooks, layout."""
