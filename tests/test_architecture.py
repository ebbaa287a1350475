"""The house rules, held by walking the syntax trees of the package: see docs/decisions/0001-floors.md.

A new module needs one line here: its name on a floor.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A module, or a package of that name, imports only from floors strictly below its own; inside a package all is allowed.
FLOORS = {
    0: "resources unit_catalogue",
    0.2: "jit spellings",
    0.5: "units",
    0.8: "plan",
    0.9: "ledger streams",
    0.95: "times",
    1: "chance roofline",
    1.3: "durations theory",
    1.5: "section",
    1.6: "quantity",
    1.8: "drawn laws intensity",
    2: "parts hardware model_shape",
    2.3: "mechanisms",
    2.5: "recovery",
    3: "workload failures checkpoint cluster job cost experiment fabrics delivery",
    3.2: "clocks",
    3.5: "calibration operators",
    3.7: "mixtures",
    4: "scenario",
    5.2: "interval",
    5.5: "compile script",
    6: "engines",
    7: "ensemble",
    8: "metrics",
    9: "planning",
    10: "report",
    10.5: "cli app api",
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names.split()}

# Who may import what: module names below `simulator`, each with all that it contains; "app.py" is the one at the root.
IMPORTED_ONLY_BY = {
    "simpy": ("engines.reference",),
    "numba": ("jit",),
    "networkx": ("fabrics",),
    "torch": ("calibration.gpu_bench",),
    "ruamel": ("scenario", "hardware"),
    "yaml": (),
    "streamlit": ("app", "app.py"),
    "starlette": ("app",),
}
FRAMES = ("pandas", "pyarrow")
FRAMES_FROM_FLOOR = 7

# The two engines are two tellings of one model, so that one can catch the other: this is all that they may share.
SHARED_BY_ENGINES = {"plan", "durations", "chance", "ledger", "streams", "times"}

# A cache is no result: what the fabric and the compiler keep for the next time is told to nobody.
WRITERS = ("cli", "report", "app", "api", "ensemble", "fabrics.cache", "jit.cache")
WRITING_METHODS = {
    "write_text",
    "write_bytes",
    "to_csv",
    "to_parquet",
    "to_excel",
    "to_feather",
    "write_table",
    "savetxt",
}
WRITING_FUNCTIONS = {"print", "pprint", "json.dump", "pickle.dump", "np.save", "np.savez", "np.savez_compressed"}

# Below the ensemble an answer hangs on what was given, and on nothing else: `jit` reads DERISK_CHECKED, `resources`
# finds the user's cache, and a measurement tells the libraries of its own process where they meet.
ENVIRONMENT = ("jit", "resources", "calibration.gpu_collectives")
ENVIRONMENT_FROM_FLOOR = 7

# How the sources call a phase of the job.
PHASES = {"PHASE", "phase", "_phase", "PAUSED", "PHASE_AFTER", "phase_after"}

LONGEST_FILE = 320
LONGEST_FUNCTION = 60


class Module:
    """One file of the package: its name below `simulator` ("" for the package itself) and its syntax tree."""

    def __init__(self, path: Path, root: Path = ROOT) -> None:
        parts = path.relative_to(root / "simulator").with_suffix("").parts if path.parent != root else (path.name,)
        self.path = path
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.room = parts[0] if parts[0] != "__init__" else ""
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)

    @property
    def floor(self) -> float:
        # A room that nobody has put on a floor is for test_has_a_floor to name.
        return FLOOR_OF.get(self.room, 11)

    def within(self, *names: str) -> bool:
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)

    def imports(self) -> Iterator[str]:
        """Yield the full name of all that is imported, at the top, inside functions and through importlib."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                start = self.absolute(node)
                yield from (f"{start}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Call) and called(node) in (
                "import_module",
                "importlib.import_module",
                "__import__",
            ):
                assert node.args and isinstance(node.args[0], ast.Constant), (
                    f"{self.name}: imports what only a run can tell"
                )
                yield str(node.args[0].value)

    def absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = ["simulator", *self.name.split(".")] if self.name else ["simulator"]
        steps_up = node.level - (self.path.name == "__init__.py")
        return ".".join([*package[: len(package) - steps_up], *([node.module] if node.module else [])])

    def type_only(self) -> Iterator[str]:
        """Yield what is imported for the type checker alone."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                for inner in ast.walk(node):
                    if isinstance(inner, ast.ImportFrom):
                        yield from (f"{self.absolute(inner)}.{alias.name}" for alias in inner.names)

    def own_imports(self) -> Iterator[str]:
        """Yield what is imported from the package, as names below `simulator`."""
        for name in self.imports():
            if name == "simulator" or name.startswith("simulator."):
                yield name.partition(".")[2]

    def place(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def called(node: ast.Call) -> str:
    """Return the name of a called function, as far as the source names it."""
    return ast.unparse(node.func)


MODULES = [Module(path) for path in sorted((ROOT / "simulator").rglob("*.py"))]
# A package data folder may hold a user's example policy; it is no module of ours.
MODULES = [module for module in MODULES if "_data" not in module.path.parts]
MODULES += [Module(ROOT / "app.py")] if (ROOT / "app.py").exists() else []
ROOMS = {module.room for module in MODULES}
every_module = pytest.mark.parametrize("module", MODULES, ids=[module.name or "simulator" for module in MODULES])


@every_module
def test_has_a_floor(module: Module) -> None:
    known = module.room in FLOOR_OF or module.room in ("", "__main__", "app.py")
    assert known, f"simulator/{module.room} is new here: name its floor in FLOORS, tests/test_architecture.py"


@every_module
def test_imports_only_from_floors_below(module: Module) -> None:
    # A card is handed a scenario, and says so; it is made before there is one.
    handed = {name.partition(".")[2] for name in module.type_only()} if module.room == "mechanisms" else set()
    for name in module.own_imports():
        room = name.split(".")[0]
        if name in handed:
            continue
        # What is not a module is a name that the package itself holds, such as __version__.
        if room not in ROOMS & FLOOR_OF.keys() or room == module.room:
            continue
        own, other = f"{module.name} (floor {module.floor:g})", f"{name} (floor {FLOOR_OF[room]:g})"
        assert FLOOR_OF[room] < module.floor, f"{own} imports {other}: only floors below are allowed"


@every_module
def test_imports_others_packages_only_where_agreed(module: Module) -> None:
    for name in module.imports():
        package = name.split(".")[0]
        if package in IMPORTED_ONLY_BY:
            allowed = IMPORTED_ONLY_BY[package]
            assert module.within(*allowed), f"{module.name} imports {package}; only {allowed or 'nobody'} may"
        if package in FRAMES:
            assert module.floor >= FRAMES_FROM_FLOOR, (
                f"{module.name} imports {package}, below floor {FRAMES_FROM_FLOOR}"
            )


def engine_side(start: str) -> set[str]:
    """Return the modules of `engines` that one engine reaches, and all that these import from the package."""
    engines = {module.name: module for module in MODULES if module.room == "engines"}
    reached: set[str] = set()
    pending = [name for name in engines if name == start or name.startswith(f"{start}.")]
    while pending:
        name = pending.pop()
        reached.add(name)
        for imported in engines[name].own_imports() if name in engines else ():
            # `from simulator.engines.kernel import simulate` names a function of a module, not a module.
            target = imported if imported in engines else imported.rpartition(".")[0]
            target = target if target in engines else imported.split(".")[0]
            pending += [target] if target not in reached else []
    return reached


def test_the_engines_are_told_apart() -> None:
    shared = engine_side("engines.reference") & engine_side("engines.kernel")
    assert shared <= SHARED_BY_ENGINES, f"both engines stand on {sorted(shared - SHARED_BY_ENGINES)}"


@every_module
def test_writes_and_prints_only_at_the_border(module: Module) -> None:
    if module.within(*WRITERS) or module.room in ("__main__", "app.py"):
        return
    for node in ast.walk(module.tree):
        assert not writes(node), f"{module.place(node)} writes; only {WRITERS} may"


def writes(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = called(node)
    if name in WRITING_FUNCTIONS or name.rpartition(".")[2] in WRITING_METHODS:
        return True
    return name.rpartition(".")[2] == "open" and any(
        # The mode is the second argument of open() and the first of Path.open(), or has its name.
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and set("wax+") & set(mode.value)
        for mode in [*node.args[0 if "." in name else 1 :][:1], *(k.value for k in node.keywords if k.arg == "mode")]
    )


@every_module
def test_reads_the_environment_only_where_agreed(module: Module) -> None:
    if module.within(*ENVIRONMENT) or module.floor >= ENVIRONMENT_FROM_FLOOR:
        return
    for node in ast.walk(module.tree):
        assert not reads_environment(node), f"{module.place(node)} reads the environment; only {ENVIRONMENT} may"


def reads_environment(node: ast.AST) -> bool:
    """Return whether a node names what the process was started with."""
    if isinstance(node, ast.ImportFrom) and node.module == "os":
        return any(alias.name in ("environ", "environb", "getenv") for alias in node.names)
    return isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.environb", "os.getenv")


@every_module
def test_never_compiles_for_parallel_threads(module: Module) -> None:
    # Two Python threads inside Numba's default threading layer abort the process.
    for node in ast.walk(module.tree):
        name = getattr(node, "id", getattr(node, "attr", getattr(node, "name", "")))
        assert name != "prange", f"{module.place(node)}: prange"
        pairs: list[tuple[object, ast.expr]] = []
        if isinstance(node, ast.Call):
            pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
        elif isinstance(node, ast.Dict):
            pairs = [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
        for key, value in pairs:
            # A scenario has a parallelism plan by that name; nobody but jit speaks to the compiler.
            on = isinstance(value, ast.Constant) and bool(value.value)
            assert key != "parallel" or not (on or module.name == "jit"), f"{module.place(node)}: parallel=True"


@every_module
def test_no_phase_is_before_another(module: Module) -> None:
    # A phase belongs to sets. Its number orders nothing, so that a new one can have any.
    for node in ast.walk(module.tree):
        assert not orders_phases(node), f"{module.place(node)} compares phases by their order; ask a set of them"


def orders_phases(node: ast.AST) -> bool:
    """Return whether phases stand on a side of <, <=, > or >=."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    return any(
        isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE) and (is_phase(left) or is_phase(right))
        for operator, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True)
    )


def is_phase(side: ast.expr) -> bool:
    """Return whether an expression is one phase, or an array of them, by the words of its source."""
    if isinstance(side, ast.Call):  # int(phase)
        return len(side.args) == 1 and is_phase(side.args[0])
    if isinstance(side, ast.Subscript):  # state[At.PHASE], log[:, Column.PHASE_AFTER]
        index = side.slice.elts[-1] if isinstance(side.slice, ast.Tuple) else side.slice
        return is_phase(index) or is_phase(side.value)
    if isinstance(side, ast.Attribute):
        return ast.unparse(side.value) == "Phase" or side.attr in PHASES
    return isinstance(side, ast.Name) and side.id in PHASES


@every_module
def test_files_and_functions_have_one_job(module: Module) -> None:
    lines = len(module.text.splitlines())
    assert lines <= LONGEST_FILE, f"{module.path.relative_to(ROOT)} has {lines} lines: it has two jobs"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{module.place(node)}: {node.name} has {length} lines: it has two jobs"


# The walker itself, on modules made for it.


def made(tmp_path: Path, name: str, text: str) -> Module:
    path = tmp_path / "simulator" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Module(path, tmp_path)


def test_the_walker_sees_every_way_to_import(tmp_path: Path) -> None:
    text = """
import numpy as np, simulator.units
from simulator import plan
from . import other
from ..ledger import Account
def lazily():
    from simulator.metrics import goodput
    importlib.import_module("simulator.ensemble")
"""
    module = made(tmp_path, "engines/kernel.py", text)
    own = {"units", "plan", "engines.other", "ledger.Account", "metrics.goodput", "ensemble"}
    assert set(module.own_imports()) == own
    assert set(made(tmp_path, "engines/__init__.py", "from . import kernel").own_imports()) == {"engines.kernel"}


@pytest.mark.parametrize(
    "line",
    [
        "print(1)",
        "open('a', 'w')",
        "open('a', mode='ab')",
        "path.open('x')",
        "path.write_text('a')",
        "sys.stdout.write('a')",
        "frame.to_parquet('a')",
        "json.dump(a, f)",
    ],
)
def test_the_walker_sees_writing(line: str) -> None:
    assert any(writes(node) for node in ast.walk(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["open('w')", "open('a', 'rb')", "path.open()", "path.open('r')", "text.replace('a', 'w')"]
)
def test_the_walker_lets_reading_pass(line: str) -> None:
    assert not any(writes(node) for node in ast.walk(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "phase <= Phase.SAVING",
        "0 < int(state[At.PHASE])",
        "log[:, Column.PHASE_AFTER] >= 7",
        "self._progress.phase > other",
        "state[At.PAUSED] < Phase.STALL",
    ],
)
def test_the_walker_sees_phases_in_order(line: str) -> None:
    assert any(orders_phases(node) for node in ast.walk(ast.parse(line)))


@pytest.mark.parametrize("line", ["os.environ['A']", "os.getenv('A')", "from os import path, environ"])
def test_the_walker_sees_the_environment(line: str) -> None:
    assert any(reads_environment(node) for node in ast.walk(ast.parse(line)))


@pytest.mark.parametrize("line", ["phase == Phase.WAIT", "is_busy(phase) and tick < end", "phase.length < 3"])
def test_the_walker_lets_sets_of_phases_pass(line: str) -> None:
    assert not any(orders_phases(node) for node in ast.walk(ast.parse(line)))
