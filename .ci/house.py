"""The structure of the project: a table of figures, and checks that the gate runs.

    python .ci/house.py          print the table
    python .ci/house.py --check  list what breaks a rule, a line each; exit status 1 if anything does

Rules: a module imports from lower numbers only (imports inside functions count), the product not from lab/; an exported
cell has at most 40 lines and imports or code, not both; a notebook opens with a heading and a sentence, and stores no
error, no stderr and no widgets; a notebook that runs by itself imports supn_cells before torch.
"""
import ast
import json
import re
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NBS, PACKAGE, LONGEST = ROOT/'nbs', 'supn_cells', 40


def source(cell): return ''.join(cell['source'])
def length(cell): return sum(bool(line.strip()) for line in source(cell).splitlines())
def is_exported(cell): return re.search(r'^#\|\s*export', source(cell), re.M) is not None
def is_import(node): return isinstance(node, (ast.Import, ast.ImportFrom))


def notebooks():
    "Path and cells of each notebook, in the order of the folders."
    for path in sorted(NBS.rglob('*.ipynb'), key=lambda p: (re.sub(r'\D', '', p.name.split('_')[0]) or '99', p)):
        if not any(part.startswith(('.', '_')) for part in path.relative_to(NBS).parts):
            yield path, json.loads(path.read_text(encoding='utf-8'))


def module_of(cells):
    "Dotted name of the module that a notebook writes, without the package; None if it writes none."
    named = (re.search(r'^#\| default_exp (\S+)', source(c), re.M) for c in cells)
    return next((m[1] for m in named if m), None)


def imported(path):
    "Modules of the package that a module imports, anywhere in it, without the package."
    package = path.relative_to(ROOT).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import): names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = '.'.join([*package[:len(package) - node.level + 1]] if node.level else [])
            base = '.'.join(filter(None, (base, node.module)))
            names = [base, *(f'{base}.{alias.name}' for alias in node.names)]
        else: continue
        yield from (name.removeprefix(f'{PACKAGE}.') for name in names if name.startswith(f'{PACKAGE}.'))


def read_house():
    "Notebook and file of each module, and the modules that it imports."
    house = {}
    for path, nb in notebooks():
        if name := module_of(nb['cells']):
            file = ROOT/PACKAGE/f'{name.replace(".", "/")}.py'
            house[name] = path, file, sorted(set(imported(file)))
    return {name: (path, file, [m for m in used if m in house]) for name, (path, file, used) in house.items()}


def circles(house):
    "Groups of modules that import each other in a loop."
    def reach(start):
        seen, ahead = set(), [start]
        while ahead:
            for m in house[ahead.pop()][2]:
                if m not in seen: seen.add(m); ahead.append(m)
        return seen
    reached = {name: reach(name) for name in house}
    return {frozenset(m for m in reached[name] if name in reached[m]) for name in house if name in reached[name]}


def number(path): return int(re.match(r'\d+', path.name)[0])


def arrows_up(house):
    "(notebook, notebook that it imports from although that one does not come before it)."
    for path, _, used in house.values():
        for other in used:
            if number(house[other][0]) >= number(path): yield path, house[other][0]


def cell_problems(cell):
    "What a cell breaks."
    for output in cell.get('outputs', []):
        if output['output_type'] == 'error': yield f"stores an error: {output['ename']}: {output['evalue']}"
        if output.get('name') == 'stderr': yield 'stores stderr'
        if any('widget' in kind for kind in output.get('data', {})): yield 'stores a widget'
    if cell['cell_type'] != 'code' or not is_exported(cell): return
    if length(cell) > LONGEST: yield f'an exported cell has {length(cell)} lines, at most {LONGEST} are allowed'
    kinds = {is_import(node) for node in ast.parse(source(cell)).body}
    if len(kinds) > 1: yield 'an exported cell mixes imports and code'


def problems():
    "(notebook, what it breaks)."
    house = read_house()
    for path, other in arrows_up(house): yield path, f'imports from {other.relative_to(NBS)}, which does not come before it'
    for path, nb in notebooks():
        if 'widgets' in nb['metadata']: yield path, 'stores the state of widgets'
        if [c['cell_type'] for c in nb['cells'][:2]] != ['markdown']*2: yield path, 'does not open with a heading and a sentence'
        found = re.search(r'^(?:import|from) (torch|supn_cells)\b', '\n'.join(map(source, nb['cells'])), re.M)
        if found and found[1] == 'torch' and not module_of(nb['cells']):
            yield path, 'imports torch before supn_cells, which sets how the threads of torch wait'
        for cell in nb['cells']:
            for what in cell_problems(cell): yield path, f"cell {cell['id']} {what}"


def ninth_decile(values): return sorted(values)[int(.9*len(values))]


def figures():
    "(what, figure) of each row of the table."
    house, pages = read_house(), [nb['cells'] for _, nb in notebooks()]
    code = [c for cells in pages for c in cells if c['cell_type'] == 'code']
    exported = [c for c in code if is_exported(c)]
    named = [sum(isinstance(n, (ast.FunctionDef, ast.ClassDef)) for n in ast.parse(source(c)).body) for c in exported]
    def lines(files): return sum(len(f.read_text(encoding='utf-8').splitlines()) for f in files)
    def public(files): return sum(len(re.findall(r"'\w+'", re.search(r'__all__ = \[(.*?)\]', f.read_text(encoding='utf-8'), re.S)[1])) for f in files)
    lab = [file for name, (_, file, _) in house.items() if name.startswith('lab.')]
    product = [file for _, file, _ in house.values() if file not in lab]
    yield 'notebooks', len(pages)
    for kind, files in ('product', product), ('laboratory', lab):
        yield f'modules, {kind}', len(files)
        yield f'exported lines, {kind}', lines(files)
        yield f'public names, {kind}', public(files)
    for kind, cells in ('code', code), ('exported', exported):
        n = [length(c) for c in cells]
        yield f'lines of a cell, {kind}: median, ninth decile, most', f'{statistics.median(n):g}, {ninth_decile(n)}, {max(n)}'
    yield f'exported cells over {LONGEST} lines', sum(length(c) > LONGEST for c in exported)
    yield 'definitions in an exported cell', f'{sum(named)/sum(map(bool, named)):.2f}'
    yield 'circles of imports', len(circles(house))
    yield 'imports that point up', len(list(arrows_up(house)))
    yield 'megabytes of notebooks', f'{sum(p.stat().st_size for p, _ in notebooks())/1e6:.1f}'


def main():
    if '--check' not in sys.argv:
        for what, figure in figures(): print(f'{what:55} {figure}')
        return 0
    broken = [f'{path.relative_to(ROOT)}: {what}' for path, what in problems()]
    print(*broken, f'{len(broken)} problems', sep='\n')
    return bool(broken)


if __name__ == '__main__': sys.exit(main())
