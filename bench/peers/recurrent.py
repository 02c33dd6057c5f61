"""Training steps of recurrent networks as one writes them in PyTorch: modules, zero_grad, backward, step; on one thread."""

import torch
from torch import nn
from turns import serve

torch.set_num_threads(1)
works = {}


def setup(case):
    features = read(case["features"], torch.float32).reshape(-1, case["inputs"])
    targets = read(case["targets"], torch.int32).long()
    order = read(case["order"], torch.int32).long()
    for kind in case["weights"]:
        works[kind] = training(kind, case, features, targets, order)
    return {"versions": f"PyTorch {torch.__version__}"}


class Network(nn.Module):
    def __init__(self, kind, case):
        super().__init__()
        layer = {"gru": nn.GRU, "lstm": nn.LSTM}[kind]
        self.recurrent = layer(case["inputs"], case["hiddenSize"], case["layers"], batch_first=True)
        self.dense = nn.Linear(case["hiddenSize"], case["outputs"])
        nn.utils.vector_to_parameters(read(case["weights"][kind], torch.float32), self.parameters())

    def forward(self, windows):
        states, _ = self.recurrent(windows)
        return self.dense(states[:, -1])


def training(kind, case, features, targets, order):
    model = Network(kind, case)
    optimizer = torch.optim.Adam(model.parameters(), lr=case["learningRate"])
    loss_of = nn.CrossEntropyLoss()
    batch, steps = case["batch"], case["steps"]
    back = torch.arange(1 - case["sequenceLength"], 1)
    at = 0

    def work():
        nonlocal at
        total = 0.0
        for _ in range(steps):
            rows = order[at : at + batch]
            at = (at + batch) % len(order)
            optimizer.zero_grad()
            loss = loss_of(model(features[rows[:, None] + back]), targets[rows])
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / steps

    return work


def read(path, dtype):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype)


serve(setup, works)
