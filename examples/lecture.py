"""The lecture network, three ways from one seed: by hand, with autograd, with an optimizer.

    x (64×3) → x w1 (64×2) → ReLU → · w2 (64×1);   loss: the sum of squared errors

Every cell is written for PyTorch. Only the import line differs; put `import torch` there and the
same numbers come out.
"""

from __future__ import annotations

from pathlib import Path

import chainrule as torch

PAGE = Path("lecture_backprop.html")  # written by `graph` where this is run


def title(text: str) -> None:
    print(f"\n── {text} " + "─" * max(0, 96 - len(text)))


def loss_of(x, y, w1, w2):
    """The sum of squared errors of the network."""
    return (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()


def report(t, loss):
    """Print every hundredth loss, as the lecture does."""
    if t % 100 == 99:
        print(f"  iteration {t + 1:3d}   loss {loss:.6f}")


# %% (1) backprop by hand


def by_hand(x, y, w1, w2, learning_rate=1e-6, iterations=500):
    w1, w2 = w1.clone(), w2.clone()
    for t in range(iterations):
        # forward: compute the prediction
        h_1 = x.mm(w1)
        h_relu = h_1.clamp(min=0)
        y_pred = h_relu.mm(w2)
        loss = (y_pred - y).pow(2).sum().item()
        report(t, loss)
        # backward: the chain rule, from the loss to the weights
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w2 = h_relu.t().mm(grad_y_pred)
        grad_h_relu = grad_y_pred.mm(w2.t())
        grad_h_relu[h_1 < 0] = 0
        grad_w1 = x.t().mm(grad_h_relu)
        # update
        w1 -= learning_rate * grad_w1
        w2 -= learning_rate * grad_w2
    return w1, w2


# %% (2) autograd: the backward pass comes from the graph


def with_autograd(x, y, w1, w2, learning_rate=1e-6, iterations=500):
    w1, w2 = w1.clone().requires_grad_(), w2.clone().requires_grad_()
    for t in range(iterations):
        y_pred = x.mm(w1).clamp(min=0).mm(w2)
        loss = (y_pred - y).pow(2).sum()
        report(t, loss.item())
        loss.backward()
        with torch.no_grad():
            w1 -= learning_rate * w1.grad
            w2 -= learning_rate * w2.grad
            w1.grad.zero_()
            w2.grad.zero_()
    return w1, w2


# %% (3) an optimizer and a loss from the library


def with_adam(x, y, w1, w2, learning_rate=1e-3, iterations=500):
    w1, w2 = w1.clone().requires_grad_(), w2.clone().requires_grad_()
    loss_function = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.Adam([w1, w2], lr=learning_rate)
    for t in range(iterations):
        y_pred = x.mm(w1).clamp(min=0).mm(w2)
        loss = loss_function(y_pred, y)
        report(t, loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return w1, w2


# %% the three on random numbers


def lecture():
    torch.manual_seed(0)
    x, y = torch.randn(64, 3), torch.randn(64, 1)
    w1, w2 = torch.randn(3, 2), torch.randn(2, 1)
    title("(1) backprop by hand, learning rate 1e-6")
    by_hand(x, y, w1, w2)
    title("(2) autograd, learning rate 1e-6: the same losses")
    with_autograd(x, y, w1, w2)
    title("(3) optim.Adam and nn.MSELoss(reduction='sum'), learning rate 1e-3")
    with_adam(x, y, w1, w2)


# %% the three on a real table: 442 patients, 10 measurements, progression of diabetes after a year


def diabetes():
    """Standardised training and test sets: mean 0 and variance 1 on the training set."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    x, y = torch.tensor(data.data).float(), torch.tensor(data.target).float().view(-1, 1)
    order = torch.randperm(len(x))
    train, test = order[:342], order[342:]
    x = (x - x[train].mean(dim=0)) / x[train].std(dim=0)
    y = (y - y[train].mean()) / y[train].std()
    return x[train], y[train], x[test], y[test]


def real_table(hidden=8):
    torch.manual_seed(0)
    x, y, x_test, y_test = diabetes()
    w1, w2 = torch.randn(10, hidden) / 10**0.5, torch.randn(hidden, 1) / hidden**0.5
    with torch.no_grad():
        before = loss_of(x_test, y_test, w1, w2).item() / len(x_test)
    print(f"  test error before training {before:.4f} (mean square; the mean of the training set would have 1)")
    for name, train, rate in (("by hand", by_hand, 5e-5), ("autograd", with_autograd, 5e-5), ("Adam", with_adam, 1e-3)):
        print(f" {name}, learning rate {rate}")
        trained = train(x, y, w1, w2, learning_rate=rate)
        with torch.no_grad():
            after = loss_of(x_test, y_test, *trained).item() / len(x_test)
        print(f"  test error {before:.4f} → {after:.4f}")


# %% the graph of one loss


def graph():
    torch.manual_seed(0)
    x, y = torch.randn(64, 3), torch.randn(64, 1)
    w1, w2 = torch.randn(3, 2, requires_grad=True), torch.randn(2, 1, requires_grad=True)
    h_1 = x.mm(w1)
    h_relu = h_1.clamp(min=0)
    y_pred = h_relu.mm(w2)
    loss = (y_pred - y).pow(2).sum()
    if hasattr(torch, "graph_text"):  # PyTorch has no picture of its own
        title("the graph of the loss: operations on the nodes ●, tensors on the edges │")
        print(torch.graph_text(loss))

    if hasattr(torch, "explain"):
        title("its backprop: the chain rule of this graph, in matrix form")
        explanation = torch.explain(loss)
        print(explanation)
        title("the same as the NumPy program a person would have written")
        print(explanation.numpy_source())
        title("one entry, and how the entries become a matrix")
        print(explanation.entry(w1, 0, 1))
        explanation.save(PAGE)
        title(f"the page that shows it step by step: {PAGE.resolve()}")

    title("grad_fn: the node that made a tensor")
    print("  loss.grad_fn                   ", type(loss.grad_fn).__name__)
    print("  loss.grad_fn.next_functions    ", [type(f).__name__ for f, _ in loss.grad_fn.next_functions])
    print("  w1.grad_fn, w1.is_leaf         ", w1.grad_fn, w1.is_leaf)

    title("a second backward() through the same graph")
    loss.backward()
    try:
        loss.backward()
    except RuntimeError as error:
        print(f"  RuntimeError: {error}")

    title("retain_graph=True keeps the graph; gradients add up until they are zeroed")
    w1.grad, w2.grad = None, None
    loss = loss_of(x, y, w1, w2)
    loss.backward(retain_graph=True)
    once = w1.grad.clone()
    loss.backward()
    print("  the gradient is now twice the first:", torch.equal(w1.grad, 2 * once))

    title("no_grad and enable_grad, nested")
    with torch.no_grad():
        print("  no_grad                        ", (w1 * 2).requires_grad)
        with torch.enable_grad():
            print("  enable_grad inside no_grad     ", (w1 * 2).requires_grad)
            with torch.no_grad():
                print("  no_grad inside both            ", (w1 * 2).requires_grad)
        print("  no_grad again                  ", (w1 * 2).requires_grad)
    print("  outside                        ", (w1 * 2).requires_grad)


if __name__ == "__main__":
    lecture()
    title("the same three on scikit-learn's diabetes table, standardised")
    real_table()
    graph()
