"""The house rules, held by walking the syntax trees of the package: see docs/decisions/0001-floors.md.

A new module needs one line here: its name on a floor.
"""

import ast
import sys
from collections.abc import Container, Iterator
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent

# A module, or a package of that name, imports only from floors below its own; inside a room all is allowed, but no
# circle of modules. Rooms of one floor do not know each other, but for the pairs in BESIDE.
FLOORS = {
    0: "jit resources",
    1: "numbers",
    2: "words",
    3: "mechanisms nouns fabrics workload",
    4: "scenario calibration",
    5: "compile engines",
    6: "ensemble",
    7: "metrics",
    8: "planning",
    9: "report",
    10: "api app cli",
}
BESIDE = {
    ("nouns", "mechanisms"),  # a section holds the sections of its cards
    ("jit", "resources"),  # compiled code is kept in the user's cache folder
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names.split()}

# What else a floor may import, beside the standard library; on the floors below it is not known.
ALSO = {
    0: "numba llvmlite numpy",
    1: "numpy scipy",
    2: "pydantic pydantic_core ruamel",
    3: "numpy networkx pydantic pydantic_core",
    4: "numpy scipy pydantic pydantic_core ruamel torch",
    5: "numpy pydantic simpy",
    6: "numpy pandas",
    7: "numpy",
    8: "numpy pandas scipy",
    9: "jinja2 markupsafe numpy pandas plotly pyarrow pydantic xlsxwriter",
    10: "pandas pydantic rich starlette streamlit typer",
    11: "streamlit",  # app.py at the root
}

# Of these, one room of the floor alone: module names below `simulator`, each with all that it contains.
IMPORTED_ONLY_BY = {
    "simpy": ("engines.reference",),
    "numba": ("jit",),
    "networkx": ("fabrics",),
    "torch": ("calibration.gpu_bench",),
    "ruamel": ("scenario", "words.hardware"),
    "streamlit": ("app", "app.py"),
    "starlette": ("app",),
}

# Below the ensemble an answer hangs on what was given, and on nothing else. `calibration` measures, which takes time.
CHANCE_AND_CLOCKS = {"random", "secrets", "time", "uuid"}
CLOCKS_ALSO_IN = ("calibration", "jit")

# The two engines are two tellings of one model, so that one can catch the other: this is all that they may share.
SHARED_BY_ENGINES = {f"numbers.{name}" for name in ("plan", "durations", "chance", "ledger", "streams", "times")}

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
ENVIRONMENT_FROM_FLOOR = 6

# How the sources call a phase of the job.
PHASES = {"PHASE", "phase", "_phase", "PAUSED", "PHASE_AFTER", "phase_after"}

LONGEST_FILE = 320
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 6  # by position; what has to be named at the call does not count, nor the options of a command
MORE_PARAMETERS = {
    "workload.zoo._dense": "a row of a table of models",
    "numbers.durations._polynomial": "the coefficients of a polynomial",
    "numbers.durations.draw_value_with": "a draw with all that names it",
    "numbers.roofline.matmul_time": "a measured shape, written out for arrays",
    "engines.kernel.blocks._fits": "a search that holds its state in registers",
    "engines.kernel.units.push_sudden": "a row of the heap",
    "fabrics.clos_elements._around": "what stands around an element, level by level",
}


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
    def floor(self) -> int:
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

    def neighbours(self, names: Container[str]) -> set[str]:
        """Return the modules that this one imports when it runs; a name of a package's own leads to the package."""
        found = set()
        for name in set(self.own_imports()) - {name.partition(".")[2] for name in self.type_only()}:
            while name and name not in names:
                name = name.rpartition(".")[0]
            found.add(name)
        return found - {self.name, ""}

    def place(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def called(node: ast.Call) -> str:
    """Return the name of a called function, as far as the source names it."""
    return ast.unparse(node.func)


MODULES = [Module(path) for path in sorted((ROOT / "simulator").rglob("*.py"))]
# A package data folder may hold a user's example policy; it is no module of ours.
MODULES = [module for module in MODULES if "_data" not in module.path.parts]
MODULES += [Module(ROOT / "app.py")] if (ROOT / "app.py").exists() else []
NAMES = {module.name for module in MODULES}
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
        if room not in ROOMS & FLOOR_OF.keys() or room == module.room or (module.room, room) in BESIDE:
            continue
        own, other = f"{module.name} (floor {module.floor})", f"{name} (floor {FLOOR_OF[room]})"
        assert FLOOR_OF[room] < module.floor, f"{own} imports {other}: only floors below are allowed"


def test_no_room_goes_round_in_circles() -> None:
    graph = nx.DiGraph([(module.name, other) for module in MODULES for other in module.neighbours(NAMES)])
    circles = [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1]
    assert not circles, f"these modules import each other, be it inside functions: {circles}"


def test_rooms_beside_each_other_are_needed() -> None:
    met = {(module.room, name.split(".")[0]) for module in MODULES for name in module.own_imports()}
    assert met >= BESIDE, f"no longer imported: {sorted(BESIDE - met)}"


@every_module
def test_imports_others_packages_only_where_agreed(module: Module) -> None:
    allowed = set(ALSO.get(module.floor, "").split())
    for name in module.imports():
        package = name.split(".")[0]
        if package == "simulator" or package in sys.stdlib_module_names:
            continue
        assert package in allowed, f"{module.name} imports {package}; on floor {module.floor} there are {allowed}"
        homes = IMPORTED_ONLY_BY.get(package)
        assert homes is None or module.within(*homes), f"{module.name} imports {package}; only {homes} may"


@every_module
def test_neither_chance_nor_a_clock_below_the_ensemble(module: Module) -> None:
    if module.floor >= FLOOR_OF["ensemble"] or module.within(*CLOCKS_ALSO_IN):
        return
    found = CHANCE_AND_CLOCKS & {name.split(".")[0] for name in module.imports()}
    assert not found, f"{module.name} imports {found}; what it returns would hang on more than what it is given"


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
            target = imported if imported in NAMES else imported.rpartition(".")[0]
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
            name = f"{module.name}.{node.name}"
            if module.room != "cli" and name not in MORE_PARAMETERS:
                given = [each for each in (*node.args.posonlyargs, *node.args.args) if each.arg not in ("self", "cls")]
                assert len(given) <= MOST_PARAMETERS, f"{module.place(node)}: {name} has {len(given)} parameters"


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
