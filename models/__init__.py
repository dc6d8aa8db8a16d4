"""Small transformers that this project trains itself, and a way to load those of others.

`models.induction` is trained while one watches, in seconds; `models.text` ships with its weights,
which `python -m models.train_text` makes again. `models.pretrained` reads models in the format of
the optional package `transformers`. No page toolkit is known here.
"""
