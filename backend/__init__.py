"""MotionFan: real-time video motion transfer that shows several different futures of a person's motion."""

__version__ = "0.1.0"
