"""The layers that Keras lacks. Their source is read as text and printed in Keras scripts; nothing
here is ever imported.
"""
