"""The published tables in nbs/results: make them again on one commit, list where they come from, check them.

    python .ci/results.py [TABLE ...]      make all, or some; what this commit has made already is left alone
    python .ci/results.py --publish        put the tables that this commit has made into nbs/results
    python .ci/results.py --list           minutes, commit and reason of each table
    python .ci/results.py --check          a line `table: what` for each problem, status 1

.ci/results.yaml says how each table is made. The public sets lie in the folder of SUPN_CELLS_DATA. New tables go to
runs/results, so that the clone stays as it was committed until all of them are there.
"""
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED, NEW = ROOT/'nbs'/'results', ROOT/'runs'/'results'


def git(*words): return subprocess.run(['git', '-C', ROOT, *words], capture_output=True, text=True).stdout.strip()
def head(): return git('describe', '--always', '--dirty=+', '--exclude=*')
def files(name, entry): return [f'{name}{part}.csv' for part in entry.get('parts', [''])]
def notebook(entry): return entry['commands'][-1].split()[0]


def rows(path): return pd.read_csv(path, dtype=str, keep_default_na=False)


def commits(path):
    "Commits that the rows of a table name; '' for rows that name none."
    versions = rows(path).get('versions', pd.Series(['']))
    return set(versions.str.extract(r'supn_cells \S+ at ([0-9a-f]{7,}\+?)', expand=False).fillna(''))


def words_of(command, table):
    words = [os.environ["SUPN_CELLS_DATA"] + w[4:] if w.startswith("DATA") else w for w in shlex.split(command)]
    return words + (['-p', 'results', str(table)] if table else [])


def make(name, entry):
    "Run the commands of one table; True if all succeed."
    table = NEW/f'{name}.csv'
    if entry['commands'][-1].startswith('python '):
        with open(table, 'w') as out: return subprocess.run([sys.executable, *entry['commands'][-1].split()[1:]],
                                                            cwd=ROOT, stdout=out).returncode == 0
    for i, command in enumerate(entry['commands']):
        words = words_of(command, table if i == len(entry['commands']) - 1 else None)
        print('supn_cells', *words, flush=True)
        if subprocess.run([sys.executable, '-c', 'from supn_cells.command.runs import main; raise SystemExit(main())',
                           *words], cwd=ROOT).returncode: return False
    return True


def make_all(made, names):
    if unknown := set(names) - set(made): sys.exit(f'no such table: {", ".join(sorted(unknown))}')
    if head().endswith('+'): sys.exit('commit your changes first: a table names the commit that made it')
    if not os.environ.get('SUPN_CELLS_DATA'): sys.exit('set SUPN_CELLS_DATA to the folder of the public sets')
    NEW.mkdir(parents=True, exist_ok=True)
    done_file, failed = NEW/'done.json', []
    done = json.loads(done_file.read_text()) if done_file.is_file() else {}
    todo = [n for n in names or made if done.get(n) != head()]
    print(f'{len(todo)} tables to make, about {sum(made[n]["minutes"] for n in todo)} minutes')
    for name in todo:
        start = time.monotonic()
        if make(name, made[name]): done_file.write_text(json.dumps(done := done | {name: head()}))
        else: failed.append(name)
        print(f'{name}: {"failed" if name in failed else "made"} in {(time.monotonic() - start)/60:.0f} minutes', flush=True)
    if failed: sys.exit(f'not made: {", ".join(failed)}')


def publish(made):
    done, data = json.loads((NEW/'done.json').read_text()), os.environ['SUPN_CELLS_DATA']
    for name in (n for n, commit in done.items() if commit == head()):
        for file in files(name, made[name]): # without the path of this machine
            (PUBLISHED/file).write_text((NEW/file).read_text(encoding='utf-8').replace(data, '$SUPN_CELLS_DATA'), encoding='utf-8')
            print('published', file)


def table_list(made, commit):
    print(f'{"table":26}{"minutes":>8}  commits')
    for name, entry in made.items():
        told = sorted(set().union(*(commits(PUBLISHED/f) for f in files(name, entry))))
        print(f'{name:26}{entry["minutes"]:8}  {", ".join(c or "not named" for c in told)}')
        if 'earlier' in entry: print(f'{"":36}{entry["earlier"]}')


def problems(made, commit, listed, known):
    "Lines `table: what`."
    sources = {p.stem: p.read_text(encoding='utf-8') for p in (ROOT/'nbs').rglob('*.ipynb')}
    owner = {f: n for n, e in made.items() for f in files(n, e)}
    for file in sorted(listed - owner.keys()): yield f'{file}: .ci/results.yaml does not say how it is made'
    for file in sorted(owner.keys() - listed): yield f'{file}: .ci/results.yaml names it, but it is not there'
    for name, entry in made.items():
        own = [f for f in files(name, entry) if f in listed]
        for file in own:
            said = rows(PUBLISHED/file).get('command', pd.Series(dtype=str))
            if other := [c for c in said if c and notebook(entry) not in c]:
                yield f'{file}: another command made it, {other[0]}'
        told = set().union(*(commits(PUBLISHED/f) for f in own)) if notebook(entry) != 'python' else {commit}
        if told != {commit} and 'earlier' not in entry:
            yield f'{name}: made on {", ".join(sorted(c or "a commit that is not named" for c in told))}, and not on {commit}'
        if told == {commit} and 'earlier' in entry: yield f'{name}: made on {commit}: drop `earlier`'
        if not any(name in s for s in sources.values()): yield f'{name}: no page shows it'
        if notebook(entry) not in {'python', *sources}: yield f'{name}: there is no notebook {notebook(entry)}'
    texts = '\n'.join((PUBLISHED/f).read_text(encoding='utf-8') for f in listed)
    for page, text in sources.items():
        prose = '\n'.join(''.join(c['source']) for c in json.loads(text)['cells'] if c['cell_type'] == 'markdown')
        for digest in sorted(set(re.findall(r'\b[0-9a-f]{16}\b', prose))):
            if digest not in texts and digest not in known: yield f'{page}: no table and no detector has the digest {digest}'


def check(made, commit):
    from supn_cells.detector.detector import Detector
    both = Detector.load()
    found = list(problems(made, commit, {p.name for p in PUBLISHED.glob('*.csv')}, {both.digest(), both.spot.digest()}))
    print('\n'.join(found + [f'{len(found)} problems']))
    return 1 if found else 0


def main(arguments):
    told = yaml.safe_load((ROOT/'.ci'/'results.yaml').read_text())
    made, commit = told['tables'], told['commit']
    if arguments == ['--list']: return table_list(made, commit)
    if arguments == ['--check']: return check(made, commit)
    if arguments == ['--publish']: return publish(made)
    return make_all(made, arguments)


if __name__ == '__main__': sys.exit(main(sys.argv[1:]))
