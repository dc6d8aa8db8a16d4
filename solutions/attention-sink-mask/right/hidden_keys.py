"""What is hidden: the future, and whatever lies between the sinks and the window."""

import torch


def attention_sink_mask(query_length, key_length, num_sinks, window):
    position = torch.arange(key_length - query_length, key_length).unsqueeze(1)
    key = torch.arange(key_length).unsqueeze(0)
    hidden = (key > position) | ((key >= num_sinks) & (key <= position - window))
    return ~hidden
