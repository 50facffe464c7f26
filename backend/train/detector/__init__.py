"""Training of the keypoint detector on any videos, and the rendered robot arm that it is demonstrated on."""
