"""Charts: pure functions from arrays to images and figures, and the heatmap component.

Nothing here imports torch or Streamlit at module level except `heatmap.mount`, so the
functions can be tested, timed and reused alone. Arrays are NumPy, maps are float32.
"""
