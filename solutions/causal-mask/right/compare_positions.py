"""Positions of queries and keys compared by broadcasting."""

import torch


def causal_mask(query_length, key_length):
    queries = torch.arange(key_length - query_length, key_length)
    keys = torch.arange(key_length)
    return keys <= queries.unsqueeze(1)
