"""Training steps as one writes them in PyTorch: modules, zero_grad, backward, step; on one thread."""

import torch
from network import network, read
from torch import nn
from turns import serve

torch.set_num_threads(1)
works = {}


def setup(cases):
    works.update({key: training(case) for key, case in cases.items()})
    return {"versions": f"PyTorch {torch.__version__}"}


def training(case):
    features = read(case["features"], torch.float32).reshape(-1, case["inputs"])
    targets = read(case["targets"], torch.int32).long()
    order = read(case["order"], torch.int32).long()
    model = network(case)
    optimizer = torch.optim.Adam(model.parameters(), lr=case["learningRate"])
    loss_of = nn.CrossEntropyLoss()
    batch, steps = case["batch"], case["steps"]
    at = 0

    def work():
        nonlocal at
        total = 0.0
        for _ in range(steps):
            rows = order[at : at + batch]
            at = (at + batch) % len(order)
            optimizer.zero_grad()
            loss = loss_of(model(features[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / steps

    return work


serve(setup, works)
