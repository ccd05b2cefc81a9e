"""One class for one name, and no long list of values whose meaning only their order tells."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "host" / "msfcnn"
FEW = 4  # fields that a dataclass may have to be filled by position
TREES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(path.read_text())
    for path in sorted(PACKAGE.rglob("*.py"))
}


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield module, node


def own_fields(node: ast.ClassDef) -> list[str]:
    """Those that the class itself adds; none if it is no dataclass."""
    if not any("dataclass" in ast.unparse(d) for d in node.decorator_list):
        return []
    return [
        ast.unparse(s.target)
        for s in node.body
        if isinstance(s, ast.AnnAssign) and "ClassVar" not in ast.unparse(s.annotation)
    ]


CLASSES = {node.name: node for _, node in classes()}


def fields(name: str) -> list[str]:
    """All fields of a dataclass, inherited ones included."""
    if name not in CLASSES:
        return []
    node = CLASSES[name]
    inherited = [f for base in node.bases for f in fields(ast.unparse(base))]
    return list(dict.fromkeys([*inherited, *own_fields(node)]))


def defined_or_imported(tree: ast.Module) -> set[str]:
    """Classes of ours that a module can call by their bare name."""
    found = {n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("msfcnn"):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def filled_by_position(module: str) -> Iterator[str]:
    tree = TREES[module]
    ours = defined_or_imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name):
            name = node.func.id
            if name in ours and len(fields(name)) > FEW:
                yield f"{module}:{node.lineno} {name} has {len(fields(name))} fields"


def test_a_name_means_one_class() -> None:
    where = defaultdict(list)
    for module, node in classes():
        if node.name[0] != "_":
            where[node.name].append(module)
    assert {name: modules for name, modules in where.items() if len(modules) > 1} == {}


def test_dataclasses_of_many_fields_are_built_with_keywords() -> None:
    found = [line for module in TREES for line in filled_by_position(module)]
    assert found == []


def test_the_rule_sees_inherited_fields() -> None:
    assert fields("Conv")[:3] == ["node", "input", "output"]
    assert len(fields("Conv")) > FEW
