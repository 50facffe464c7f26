"""Training of the keypoint detector, on any videos, and of the scene with no face that shows it."""
