"""How well portraits are animated: pictures and faces of every method against what the camera saw."""
