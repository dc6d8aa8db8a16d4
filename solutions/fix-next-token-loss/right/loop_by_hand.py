"""A loop over sequences and tokens; minus the log-probability from logsumexp."""

import torch


def next_token_loss(logits, tokens, lengths):
    total, count = logits.new_zeros(()), 0
    for row in range(tokens.shape[0]):
        for t in range(1, int(lengths[row])):
            line = logits[row, t - 1]
            total = total + torch.logsumexp(line, 0) - line[tokens[row, t]]
            count += 1
    return total / count if count else 0.0 * logits.sum()
