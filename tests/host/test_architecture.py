"""The import rules of docs/architecture.md, the engine's purity, clean tools."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from msfcnn.ops import OPS

HOST = Path(__file__).resolve().parents[2] / "host"
PACKAGE = HOST / "msfcnn"
ENGINE = HOST.parent / "riot_pkg" / "msfcnn"

PURE = (
    *("fusion", "planner", "schedule", "layout", "emit", "costmodel", "cyclemodel"),
    *("ir", "ops", "isa", "nodes", "reference", "optimize"),
)
SEARCH = ("search", "graph", "bands", "overlap", "paper")
FILE_SYSTEM = {"os", "io", "pathlib", "shutil", "tempfile", "subprocess", "glob"}
ONNX_USERS = (
    "frontend.loading",
    "frontend.onnx",
    "frontend.tflite",
    "zoo",
    "quantizer",
    "verifier.oracle",
)
ONNXRUNTIME_USERS = ("verifier.oracle", "quantizer")


def module_name(path: Path) -> str:
    """ "fusion.graph" for msfcnn/fusion/graph.py, "fusion" for its __init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def front_door(package: str) -> dict[str, str]:
    """What a package offers: each name's module, from its stub where names are loaded lazily."""
    stub, door = (PACKAGE / package / f"__init__.{kind}" for kind in ("pyi", "py"))
    found: dict[str, str] = {}
    offered: list[str] = []
    for node in ast.parse((stub if stub.exists() else door).read_text()).body:
        if isinstance(node, ast.ImportFrom):
            module = str(node.module).removeprefix(f"msfcnn.{package}.")
            found |= {alias.asname or alias.name: module for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = "__init__"
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            found[ast.unparse(target)] = "__init__"
            if ast.unparse(target) == "__all__" and node.value is not None:
                offered = ast.literal_eval(node.value)
    assert set(offered) <= set(found), f"{package} offers what it does not have"
    return {name: found[name] for name in offered}


def imports(tree: ast.AST) -> Iterator[str]:
    """Full names of all that is imported, inside functions too, and where a front door has it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield str(node.module)
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
                place = DOORS.get(str(node.module).removeprefix("msfcnn."), {}).get(alias.name)
                if place:
                    yield f"{node.module}.{place}"


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


FILES = sorted(PACKAGE.rglob("*.py"))
DOORS = {path.parent.name: front_door(path.parent.name) for path in PACKAGE.glob("*/__init__.py")}
LAZY = {path.parent.name for path in PACKAGE.glob("*/__init__.pyi")}
TREES = {module_name(path): ast.parse(path.read_text()) for path in FILES}
IMPORTS = {name: frozenset(imports(tree)) for name, tree in TREES.items()}


def users(package: str) -> set[str]:
    """Modules that import a package or something in it."""
    return {name for name, used in IMPORTS.items() if any(within(u, (package,)) for u in used)}


def test_the_passes_are_pure() -> None:
    found = [
        f"{name} imports {used}"
        for name in IMPORTS
        if within(name, PURE)
        for used in IMPORTS[name]
        if used.split(".")[0] in FILE_SYSTEM
        or within(used, ("onnx", "onnxruntime", "rich", "yaml", "msfcnn.boards", "msfcnn.files"))
    ]
    found += [
        f"{name} calls {call}()"
        for name, tree in TREES.items()
        if within(name, PURE)
        for call in calls(tree)
        if call in ("open", "print", "input")
    ]
    assert found == []


def test_the_page_has_the_same_lists() -> None:
    page = (HOST.parent / "docs" / "architecture.md").read_text()
    rules = page.split("## Import rules")[1].split("\n## ")[0]
    passes, onnx = (
        re.findall(r"`([\w.]+)`", rules.split(start)[1].split(end)[0])
        for start, end in (("**Pure passes**:", "They take"), ("**ONNX**: only", "import onnx;"))
    )
    assert set(passes) == set(PURE)
    assert set(onnx) == set(ONNX_USERS)
    assert all(f"`{user}`" in rules.split("import onnx;")[1] for user in ONNXRUNTIME_USERS)


def packages_used(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """(package or module of ours, name) of each import; the name is None for `import x.y`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.name, None) for a in node.names if a.name.startswith("msfcnn."))
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("msfcnn."):
            yield from ((str(node.module), alias.name) for alias in node.names)


def test_packages_are_entered_through_their_front_doors() -> None:
    found = []
    for name, tree in TREES.items():
        for module, what in packages_used(tree):
            package = module.split(".")[1]
            if package not in DOORS or package == name.split(".")[0]:
                continue
            if module != f"msfcnn.{package}" or what not in DOORS[package]:
                found.append(f"{name} takes {what} from {module}")
    assert found == []


def test_no_name_behind_a_lazy_door_is_its_module_s() -> None:
    """Once the module is loaded, the package's attribute of that name is the module."""
    both = {(p, n) for p in LAZY for n in DOORS[p] if (PACKAGE / p / f"{n}.py").exists()}
    assert both == set()


def loaded_at_import(name: str) -> set[str]:
    """Modules that are imported when one is, but its own package's front door."""
    found: set[str] = set()
    pending: list[ast.AST] = list(TREES[name].body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("msfcnn"):
            module = str(node.module).removeprefix("msfcnn").removeprefix(".")
            names = {f"{module}.{alias.name}".removeprefix(".") for alias in node.names}
            found |= {n if n in TREES else module for n in names}
        elif isinstance(node, ast.If | ast.Try) and "TYPE_CHECKING" not in ast.unparse(node):
            pending += ast.iter_child_nodes(node)
    return found - {name}


def cyclic(graph: dict[str, set[str]]) -> set[str]:
    """What is left when all that needs nothing of the rest is taken away, again and again."""
    left = dict(graph)
    for _ in graph:
        left = {name: needs for name, needs in left.items() if needs & left.keys()}
    return set(left)


def test_no_file_imports_itself_through_others() -> None:
    assert cyclic({name: loaded_at_import(name) for name in TREES}) == set()


def test_no_package_imports_itself_through_others() -> None:
    """Imports inside functions count as well: they only hide what hangs on what."""
    graph: dict[str, set[str]] = {name.split(".")[0]: set() for name in TREES if name}
    for name, used in IMPORTS.items():
        package = name.split(".")[0]
        ours = {u.split(".")[1] for u in used if u.startswith("msfcnn.")}
        graph.setdefault(package, set()).update(ours & graph.keys() - {package})
    assert cyclic(graph) == set()


def test_a_cycle_would_be_found() -> None:
    assert cyclic({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == {"a", "b", "c"}


def test_the_emitter_does_not_know_the_planner() -> None:
    used = {u for name in IMPORTS if within(name, ("emit",)) for u in IMPORTS[name]}
    assert not any(within(u, ("msfcnn.planner",)) for u in used)
    # of the graph it reads what a stage is, not what one would cost or how it is searched for
    graph = {u for u in used if within(u, ("msfcnn.fusion",))}
    assert not any(within(u, tuple(f"msfcnn.fusion.{m}" for m in SEARCH)) for u in graph)


def test_only_render_knows_a_terminal_library() -> None:
    assert all(within(name, ("render",)) for name in users("rich"))


def test_only_the_command_line_prints() -> None:
    printing = {name for name, tree in TREES.items() if "print" in set(calls(tree))}
    assert all(within(name, ("cli",)) for name in printing)


def test_only_the_border_knows_onnx() -> None:
    assert {name for name in users("onnx") if not within(name, ONNX_USERS)} == set()
    assert {name for name in users("onnxruntime") if not within(name, ONNXRUNTIME_USERS)} == set()


def test_only_one_module_knows_the_tflite_schema() -> None:
    assert users("tflite") == {"frontend.tflite.flatbuffer"}


TYPES = {  # what the API returns, for annotations
    *("msfcnn.planner", "msfcnn.planner.Neighbour", "msfcnn.planner.neighbours"),
    *("msfcnn.nodes", "msfcnn.nodes.Importer", "msfcnn.nodes.importer"),
}


def test_the_command_line_uses_only_the_api() -> None:
    """What it shows comes from `import msfcnn` or from report, never from a pass itself."""
    passes = (*PURE, "pipeline", "frontend", "verifier", "quantizer", "toolchain")
    found = [
        f"{name} imports {used}"
        for name in IMPORTS
        if within(name, ("cli",)) and name != "cli.bench"
        for used in IMPORTS[name]
        if within(used, tuple(f"msfcnn.{p}" for p in passes)) and used not in TYPES
    ]
    assert found == []


def test_nothing_imports_the_command_line() -> None:
    allowed = ("cli", "__main__")
    assert {name for name in users("msfcnn.cli") if not within(name, allowed)} == set()


def test_the_network_as_data_stands_alone() -> None:
    used = {u for name in IMPORTS if within(name, ("ir",)) for u in IMPORTS[name]}
    allowed = ("msfcnn.ir", "msfcnn.errors")
    assert all(within(u, allowed) for u in used if u.startswith("msfcnn."))


def test_nothing_outside_of_ops_asks_which_op_it_has() -> None:
    """What others want to know of an op are its facts, so that a new one is known to all."""
    classes = {op.__name__ for op in OPS}
    found = [
        f"{name} asks for {word}"
        for name, tree in TREES.items()
        if not within(name, ("ops",))
        for word in asked_for(tree) & classes
    ]
    assert found == []


def asked_for(tree: ast.AST) -> set[str]:
    """Names that stand in isinstance(), issubclass(), in a pattern of match, or behind `is`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("isinstance", "issubclass"):
                found |= words_of(node.args[1])
        elif isinstance(node, ast.MatchClass):
            found |= words_of(node.cls)
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.Eq | ast.In):
            found |= {
                n.id for c in node.comparators for n in ast.walk(c) if isinstance(n, ast.Name)
            }
    return found


def words_of(tree: ast.AST) -> set[str]:
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return names | {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}


def engine_files() -> list[Path]:
    return sorted(
        p
        for d in ("src", "include")
        for p in (ENGINE / d).rglob("*.*")
        if p.suffix in (".c", ".h", ".S", ".def")
    )


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def test_there_is_an_engine() -> None:
    assert engine_files(), f"no C files below {ENGINE.name}/src and {ENGINE.name}/include"


@pytest.mark.parametrize("path", engine_files(), ids=lambda path: path.name)
def test_the_engine_includes_only_itself_and_plain_c(path: Path) -> None:
    own = {
        str(p.relative_to(ENGINE / d))
        for d in ("src", "include")
        for p in engine_files()
        if p.is_relative_to(ENGINE / d)
    }
    plain = {"stdint.h", "stddef.h", "stdbool.h", "limits.h", "string.h", "errno.h", "assert.h"}
    if path.parent.name == "armv7e-m":
        own |= {"v7em.h", "../kernels.h"}
    if path.parent.name == "armv8.1-m.mve":
        own |= {"mve.h", "../kernels.h", "arm_mve.h"}
    if path.parent.name == "xtensa.mac16":
        own |= {"mac16.h", "../kernels.h", "xtensa/config/core-isa.h"}
    names = re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)', path.read_text(), flags=re.MULTILINE)
    assert set(names) <= own | plain


@pytest.mark.parametrize("path", engine_files(), ids=lambda path: path.name)
def test_the_engine_uses_neither_heap_nor_float_nor_stdio(path: Path) -> None:
    words = set(re.findall(r"\w+", without_comments(path.read_text())))
    assert not words & {
        *("malloc", "calloc", "realloc", "free", "alloca", "float", "double"),
        *("printf", "puts", "putchar", "fprintf", "sprintf", "snprintf"),
    }


def test_types_are_sound(repo_root: Path, require_tool: Callable[[str], str]) -> None:
    for words in (["host/msfcnn"], ["--strict", "tools"]):
        command = [require_tool("mypy"), *words]
        done = subprocess.run(command, cwd=repo_root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_style_is_clean(repo_root: Path, require_tool: Callable[[str], str]) -> None:
    for command in (["check", "--no-fix"], ["format", "--check"]):
        ruff = [require_tool("ruff"), *command, "host", "tests", "tools"]
        done = subprocess.run(ruff, cwd=repo_root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_line_starts_without_heavy_imports() -> None:
    code = (
        "import sys; from msfcnn.cli import main; assert main(['--help']) == 0;"
        "heavy = {'numpy', 'onnx', 'rich', 'yaml', 'pydantic', 'jinja2', 'PIL'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
