"""The domain: question bank, problems, search, progress and the store. No Streamlit, no torch."""
