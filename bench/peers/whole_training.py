"""A whole training as one writes it in PyTorch: epochs of shuffled batches, a validation after each, early stopping."""

import time
from copy import deepcopy

import torch
from network import network, read
from torch import nn
from turns import serve

torch.set_num_threads(1)
works = {}


def setup(given):
    features = read(given["features"], torch.float32).reshape(-1, given["model"]["inputs"])
    targets = read(given["targets"], torch.int32).long()
    train, validation = (read(given[part], torch.int32).long() for part in ("train", "validation"))
    rows = {"features": features, "targets": targets, "train": train, "validation": validation}
    untrained = []
    for seed, weights in given["weights"].items():
        model = {**given["model"], "weights": weights}
        works[seed] = training(model, given["training"], rows, int(seed))
        untrained.append(loss_on(network(model), features[validation], targets[validation]))
    return {"versions": f"PyTorch {torch.__version__}", "untrained": untrained}


def loss_on(model, features, targets):
    model.eval()
    with torch.no_grad():
        return nn.functional.cross_entropy(model(features), targets).item()


def training(case, settings, rows, seed):
    optimizer_settings, stopping = settings["optimizer"], settings["earlyStopping"]
    features, targets, train = rows["features"], rows["targets"], rows["train"]
    seen, wanted = features[rows["validation"]], targets[rows["validation"]]

    def work():
        torch.manual_seed(seed)
        begun = time.perf_counter()
        model = network(case)
        optimizer = torch.optim.Adam(
            model.parameters(),
            lr=optimizer_settings["learningRate"],
            weight_decay=optimizer_settings["weightDecay"],
        )
        loss_of = nn.CrossEntropyLoss()
        curve = []
        best, to_beat, waited = float("inf"), float("inf"), 0
        for _ in range(settings["epochs"]):
            model.train()
            total = 0.0
            for batch in train[torch.randperm(len(train))].split(settings["batchSize"]):
                optimizer.zero_grad()
                loss = loss_of(model(features[batch]), targets[batch])
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), optimizer_settings["gradientClip"])
                optimizer.step()
                total += loss.item() * len(batch)
            validation_loss = loss_on(model, seen, wanted)
            curve.append({"loss": validation_loss, "ms": (time.perf_counter() - begun) * 1000})
            if validation_loss < best:
                best, kept = validation_loss, deepcopy(model.state_dict())
            waited += 1
            if validation_loss < to_beat - stopping["minDelta"]:
                to_beat, waited = validation_loss, 0
            if waited == stopping["patience"]:
                break
        model.load_state_dict(kept)
        return curve

    return work


serve(setup, works)
