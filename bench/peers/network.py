"""Networks as one writes them in PyTorch, from our weights."""

import torch
from torch import nn


def network(case):
    layers = []
    width = case["inputs"]
    for units in case["hiddenLayers"]:
        layers += [nn.Linear(width, units), nn.ReLU()]
        if case["dropout"] > 0:
            layers.append(nn.Dropout(case["dropout"]))
        width = units
    layers.append(nn.Linear(width, case["outputs"]))
    model = nn.Sequential(*layers)
    nn.utils.vector_to_parameters(read(case["weights"], torch.float32), model.parameters())
    return model


def read(path, dtype):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype)
