"""Writes recurrent-torch.fixture.ts: what PyTorch gives for small recurrent networks, in float64.

python recurrent-torch.fixture.py > recurrent-torch.fixture.ts
"""

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
inputs, hidden, layers, outputs, length, rows = 2, 3, 2, 2, 4, 3
targets = torch.tensor([0, 1, 1])


def spread(count, step, modulus, width):
    """Numbers that the test makes in the same way: multiples of step in a modulus, laid out between -width and width."""
    return torch.tensor([((index * step + 31) % modulus) / modulus * 2 * width - width for index in range(count)])


def numbers(values):
    return "[" + ", ".join(repr(value) for value in values.flatten().tolist()) + "]"


def case(kind):
    recurrent = {"gru": nn.GRU, "lstm": nn.LSTM}[kind](inputs, hidden, layers, batch_first=True)
    dense = nn.Linear(hidden, outputs)
    parameters = []
    for layer in range(layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            parameters.append(getattr(recurrent, f"{name}_l{layer}"))
    parameters += [dense.weight, dense.bias]
    count = sum(parameter.numel() for parameter in parameters)
    flat = spread(count, 7919, 1009, 0.9)
    with torch.no_grad():
        at = 0
        for parameter in parameters:
            parameter.copy_(flat[at : at + parameter.numel()].reshape(parameter.shape))
            at += parameter.numel()
    windows = spread(rows * length * inputs, 577, 2003, 1.5).reshape(rows, length, inputs)
    states, _ = recurrent(windows)
    sums = dense(states[:, -1])
    loss = nn.functional.cross_entropy(sums, targets)
    loss.backward()
    gradient = torch.cat([parameter.grad.flatten() for parameter in parameters])
    return f"""  {kind}: {{
    sums: {numbers(sums.detach())},
    loss: {loss.item()!r},
    gradient: {numbers(gradient)},
  }},"""


print(f"""/** Written by recurrent-torch.fixture.py with PyTorch {torch.__version__}: sums, mean cross entropy, its gradient. */
export const fromTorch = {{
  shape: {{ inputs: {inputs}, hiddenSize: {hidden}, layers: {layers}, outputs: {outputs}, sequenceLength: {length} }},
  targets: {targets.tolist()},""")
print(case("gru"))
print(case("lstm"))
print("} as const;")
