"""Tables and pictures of docs/evaluation.md, from results. Replaces what stands between `<!-- evaluate: NAME -->` and `<!-- /evaluate -->`."""

import re

import matplotlib
import numpy as np

matplotlib.use("svg")
matplotlib.rcParams |= {"svg.hashsalt": "unseen", "svg.fonttype": "none", "font.size": 9, "path.simplify_threshold": 1.0}
from matplotlib import pyplot  # noqa: E402, the settings come first

COLOURS = {"unseen": "#c2410c", "formula": "#c2410c", "count": "#1d4ed8", "popularity": "#15803d", "new terms": "#7c3aed", "ESCU": "#6b7280"}
COLUMNS = (("read", "A80", 1), ("recall", "recall at 5", 2), ("precision", "precision in the first five", 2), ("single", "single call in the first five", 2))


def mean_and_spread(values, decimals):
    values = np.array(values, float)
    if not np.isfinite(values).all():
        return f"not reached in {np.count_nonzero(~np.isfinite(values))} of {len(values)}"
    return f"{values.mean():.{decimals}f} ({values.std(ddof=1) if len(values) > 1 else 0:.{decimals}f})"


def table(header, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header), *rows)]
    return "\n".join(lines)


def of(seeds, method, figure):
    return [seed[method][figure] for seed in seeds]


def overview(results):
    """One row a world and method; the best of each column in bold."""
    rows = []
    for world, seeds in results["worlds"].items():
        best = {figure: best_of(seeds, figure) for figure, _, _ in COLUMNS}
        for method in seeds[0]:
            cells = [mean_and_spread(of(seeds, method, figure), decimals) for figure, _, decimals in COLUMNS]
            rows.append([world, method, *(f"**{cell}**" if method in best[figure] else cell for cell, (figure, _, _) in zip(cells, COLUMNS, strict=True))])
    return table(["world", "method", *(title for _, title, _ in COLUMNS)], rows)


def best_of(seeds, figure):
    means = {method: float(np.mean(of(seeds, method, figure))) for method in seeds[0]}
    best = (min if figure == "read" else max)(means.values())
    return {method for method, value in means.items() if value == best}


def size(results):
    rows = []
    for world, seeds in results["worlds"].items():
        figures = (("reported", 1), ("new_roles", 1), ("never", 2))
        rows.append([world, *(mean_and_spread(of(seeds, "count", figure), decimals) for figure, decimals in figures)])
    return table(["world", "role-days a day with a new pair", "of these, new roles without an attack", "attacks without any new pair"], rows)


def by_kind(results):
    """Recall at 5 of ours and of the count, by kind of attack."""
    worlds, ours = results["worlds"], our_name(results)
    kinds = next(iter(worlds.values()))[0][ours]["by_kind"]
    cell = lambda seeds, kind: " / ".join(f"{np.mean([seed[method]['by_kind'][kind] for seed in seeds]):.2f}" for method in (ours, "count"))
    return table(["attack", *worlds], [[kind, *(cell(seeds, kind) for seeds in worlds.values())] for kind in kinds])


def thresholds(results):
    """Ours: role-days a day without an attack, and recall, by threshold."""
    ours, worlds = our_name(results), results["worlds"]
    limits = next(iter(worlds.values()))[0][ours]["thresholds"]
    cell = lambda seeds, limit: ", ".join(mean_and_spread([seed[ours]["thresholds"][limit][part] for seed in seeds], 2) for part in (0, 1))
    return table(["sum >=", *worlds], [[limit, *(cell(seeds, limit) for seeds in worlds.values())] for limit in limits])


def note(results):
    if results["engine"] == "formula":
        return f"{results['seeds']} seeds. **Ranked by the Python implementation of the formula, not by the program.**"
    apart = max(seed["unseen"]["difference"] for seeds in results["worlds"].values() for seed in seeds)
    return f"{results['seeds']} seeds. Ranked by the program, through its pipe. Its terms and those of a second implementation are at most {apart:.0e} apart."


def our_name(results):
    return "unseen" if results["engine"] == "pipe" else "formula"


def curves(results, path):
    """Attacks found against role-days read a day: a panel a world, the mean over seeds and one standard deviation."""
    worlds = results["worlds"]
    figure, axes = pyplot.subplots(1, len(worlds), figsize=(2.3 * len(worlds), 2.6), sharey=True, constrained_layout=True)
    for axis, (world, seeds) in zip(np.atleast_1d(axes), worlds.items(), strict=True):
        for method in seeds[0]:
            draw_curve(axis, np.array(of(seeds, method, "curve")), method)
        axis.set(title=world, xlabel="role-days read a day", xlim=(0, 20), ylim=(0, 1.02))
        axis.axhline(0.8, color="#9ca3af", linewidth=0.6, linestyle=":")
    np.atleast_1d(axes)[0].set_ylabel("attacks found")
    figure.legend(*np.atleast_1d(axes)[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    save(figure, path)


def draw_curve(axis, curve, method):
    read, mean, spread = np.arange(curve.shape[1]), curve.mean(0), curve.std(0)
    axis.plot(read, mean, label=method, color=COLOURS[method], linewidth=1.4)
    axis.fill_between(read, mean - spread, np.minimum(mean + spread, 1), color=COLOURS[method], alpha=0.12, linewidth=0)


def kinds(results, path):
    """Recall at 5 by kind of attack: ours and the count, side by side."""
    worlds, ours = results["worlds"], our_name(results)
    names = list(next(iter(worlds.values()))[0][ours]["by_kind"])
    figure, axes = pyplot.subplots(1, len(worlds), figsize=(2.3 * len(worlds), 2.6), sharey=True, constrained_layout=True)
    for axis, (world, seeds) in zip(np.atleast_1d(axes), worlds.items(), strict=True):
        for place, method in ((-0.2, ours), (0.2, "count")):
            recall = [np.mean([seed[method]["by_kind"][kind] for seed in seeds]) for kind in names]
            axis.barh(np.arange(len(names)) + place, recall, 0.36, color=COLOURS[method], label=method)
        axis.set(title=world, xlim=(0, 1), yticks=range(len(names)), yticklabels=names)
    np.atleast_1d(axes)[0].invert_yaxis()
    figure.legend(*np.atleast_1d(axes)[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def save(figure, path):
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def render(results, docs):
    """Writes tables into the page and pictures beside it."""
    page = docs / "evaluation.md"
    text = page.read_text()
    for name, part in (("note", note), ("size", size), ("overview", overview), ("kinds", by_kind), ("thresholds", thresholds)):
        mark = re.compile(rf"(<!-- evaluate: {name} -->\n).*?(<!-- /evaluate -->)", re.S)
        found = mark.search(text)
        if not found:
            raise SystemExit(f"{page}: expected the marker `<!-- evaluate: {name} -->`")
        text = f"{text[:found.start()]}{found[1]}{part(results)}\n{found[2]}{text[found.end():]}"
    page.write_text(text)
    curves(results, docs / "pictures" / "evaluation-curves.svg")
    kinds(results, docs / "pictures" / "evaluation-kinds.svg")
