"""Small transformers that this project trains itself, and what their heads have learnt.

`models.induction` is trained while one watches, in seconds; `models.text` ships with its weights,
which `python -m models.train_text` makes again. No page toolkit is known here.
"""
